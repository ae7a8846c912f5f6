"""The words that decide what a key says of its value, and the values that everybody tries first."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET = _words(
    "pass passwd password passphrase passcode pwd pw secret secrets token apikey credential credentials creds "
    "salt pepper bearer mnemonic authkey authtoken secretkey accesskey privatekey masterkey requirepass "
    "masterauth pat"
)
GLUED = (
    "password",
    "passwd",
    "passphrase",
    "secretkey",
    "apikey",
    "accesskey",
    "privatekey",
    "authtoken",
    "requirepass",
)
GLUED_ENDS = ("pass", "pwd", "token", "secret", *GLUED)
INNOCENT = _words("compass bypass encompass trespass surpass overpass underpass")
# What makes a "key" one that opens something: `API_KEY`, not `PRIMARY_KEY`.
OPENING = _words(
    "api access private secret signing sign encryption encrypt decryption master account session app auth "
    "license licence fernet jwt crypt crypto cookie storage role deploy ssh ssl tls admin root token webhook "
    "rsa aes hmac security cipher shared integration activation registration join bot preshared psk client "
    "apikey service widget"
)
PAIRED = frozenset({"auth", "basicauth", "dsn", "authorization", "users"})
# The last word of a key whose value is about a secret and is none itself.
ABOUT = _words(
    "file files path dir dirs directory folder name names id ids user users username endpoint endpoints url "
    "urls uri host hosts hostname port algo alg algorithm algorithms type ttl timeout expiry expires "
    "expiration expire lifetime validity length min max policy enabled disabled required provider providers "
    "method methods mode header headers count rounds issuer audience region realm bucket store backend "
    "backends version env public pub stdin level interval hasher days hours minutes seconds prefix suffix "
    "scope scopes size limit limits format strategy class regex pattern field fields column schedule cron "
    "rotation address server addr domain email mail location mount engine driver template label description "
    "title hint page redirect callback login source ref param params validation validator validators kid "
    "fingerprint digest checksum attribute attributes claim claims state status leeway skew cost iterations "
    "encoding charset placeholder environment var variable command cmd script helper"
)
SWITCHES = _words("allow enable disable skip require empty without has is force show hide reset")
# A word of a key under which long random text is usual and no secret.
RANDOM_ANYWAY = _words(
    "hash hashes digest sha sha1 sha256 sha512 md5 checksum checksums sum commit revision rev ref tag version "
    "image integrity etag fingerprint thumbprint uuid guid nonce id ids public pub pubkey publishable csp "
    "cert certificate ca build release contract wallet cluster tenant client address name host hostname url "
    "uri path file dir format email container digests sitekey channel node network bucket script entrypoint "
    "rule pubkeys xpub serial model"
)
MECHANISMS = _words(
    "login plain basic oauth oauth2 bearer digest ntlm none ldap saml oidc jwt token md5 scram-sha-256 "
    "scram-sha-512 cram-md5 tls ssl starttls xoauth2 local internal header anonymous trust peer ident cert "
    "true false yes no on off null auto default disabled enabled optional required"
)
NOTHING = _words("true false yes no on off none null nil undefined enabled disabled optional required auto n y")
WELL_KNOWN = _words(
    "changeme change change-me change_me changeit changethis changemeplease example password passwd passw0rd "
    "p@ssw0rd p@ssword pass pwd secret admin administrator root toor user username test testing guest "
    "postgres postgresql mysql mariadb redis mongo mongodb minio minioadmin rabbitmq rabbit elastic neo4j "
    "grafana keycloak wordpress nextcloud letmein qwerty abc abcd xxx default demo foo bar foobar foobared "
    "hunter hunter2 supersecret supersecretpassword mysecretpassword mypassword mysecret my-secret-pw dev "
    "develop development local docker somewordpress mypass yourstrong(!)password adminpass adminpassword "
    "rootpassword rootpass dbpassword userpassword db sa api token key please welcome master super sample "
    "dummy nopassword verysecret notsecure insecure temp tmp app web airflow odoo"
)
