"""What Traefik knows in labels: every option, and the release that introduced or withdrew it.

Tried one label at a time on 3.2.3 and 3.7.15 (a container with an option that is not known is refused as a whole). What
came between the two lies between them for certain; which release it was is taken from Traefik's changelog and its
migration pages (doc.traefik.io/traefik/migrate/v3 and /v2-to-v3) where these say so, and otherwise not verified.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

# One line a place: `*` stands for a name, `**` for anything below. A bare word may stand alone.
PLACES: Mapping[str, str] = {
    "http.routers.*": "rule entrypoints middlewares service priority rulesyntax tls tls.options tls.certresolver "
    "tls.domains[*].main tls.domains[*].sans observability.accesslogs observability.metrics observability.tracing "
    "observability.traceverbosity parentrefs",
    "http.services.*.loadbalancer": "server.port server.scheme server.weight server.url server.preservepath "
    "server.fenced passhostheader serverstransport strategy responseforwarding.flushinterval sticky sticky.cookie "
    "sticky.cookie.name sticky.cookie.secure sticky.cookie.httponly sticky.cookie.samesite sticky.cookie.maxage "
    "sticky.cookie.path sticky.cookie.domain healthcheck.path healthcheck.scheme healthcheck.mode healthcheck.method "
    "healthcheck.status healthcheck.port healthcheck.interval healthcheck.unhealthyinterval healthcheck.timeout "
    "healthcheck.hostname healthcheck.followredirects healthcheck.headers.* passivehealthcheck.failurewindow "
    "passivehealthcheck.maxfailedattempts",
    "http.middlewares.*.addprefix": "prefix",
    "http.middlewares.*.basicauth": "users usersfile realm removeheader headerfield",
    "http.middlewares.*.buffering": "maxrequestbodybytes memrequestbodybytes maxresponsebodybytes memresponsebodybytes "
    "retryexpression disablerequestbuffer disableresponsebuffer",
    "http.middlewares.*.chain": "middlewares",
    "http.middlewares.*.circuitbreaker": "expression checkperiod fallbackduration recoveryduration responsecode",
    "http.middlewares.*.compress": "excludedcontenttypes includedcontenttypes minresponsebodybytes encodings "
    "defaultencoding",
    "http.middlewares.*.contenttype": "autodetect",
    "http.middlewares.*.digestauth": "users usersfile realm removeheader headerfield",
    "http.middlewares.*.encodedcharacters": "allowencodedslash allowencodedbackslash allowencodednullcharacter "
    "allowencodedsemicolon allowencodedpercent allowencodedquestionmark allowencodedhash",
    "http.middlewares.*.errors": "status service query statusrewrites.* errorrequestheaders",
    "http.middlewares.*.forwardauth": "address trustforwardheader authresponseheaders authresponseheadersregex "
    "authrequestheaders addauthcookiestoresponse headerfield forwardbody maxbodysize maxresponsebodysize "
    "preservelocationheader preserverequestmethod authsigninurl tls.ca tls.cert tls.key tls.insecureskipverify "
    "tls.caoptional",
    "http.middlewares.*.grpcweb": "alloworigins",
    "http.middlewares.*.headers": "accesscontrolallowcredentials accesscontrolallowheaders accesscontrolallowmethods "
    "accesscontrolalloworigin accesscontrolalloworiginlist accesscontrolalloworiginlistregex "
    "accesscontrolexposeheaders accesscontrolmaxage addvaryheader allowedhosts browserxssfilter contentsecuritypolicy "
    "contentsecuritypolicyreportonly contenttypenosniff custombrowserxssvalue customframeoptionsvalue "
    "customrequestheaders.** customresponseheaders.** featurepolicy forcestsheader framedeny hostsproxyheaders "
    "isdevelopment permissionspolicy publickey referrerpolicy sslforcehost sslhost sslproxyheaders.** sslredirect "
    "ssltemporaryredirect stsincludesubdomains stspreload stsseconds",
    "http.middlewares.*.inflightreq": "amount sourcecriterion.ipstrategy.depth sourcecriterion.ipstrategy.excludedips "
    "sourcecriterion.ipstrategy.ipv6subnet sourcecriterion.requestheadername sourcecriterion.requesthost",
    "http.middlewares.*.ipallowlist": "sourcerange ipstrategy.depth ipstrategy.excludedips ipstrategy.ipv6subnet "
    "rejectstatuscode",
    "http.middlewares.*.ipwhitelist": "sourcerange ipstrategy.depth ipstrategy.excludedips",
    "http.middlewares.*.passtlsclientcert": "pem info.**",
    "http.middlewares.*.plugin": "**",
    "http.middlewares.*.ratelimit": "average burst period sourcecriterion.ipstrategy.depth "
    "sourcecriterion.ipstrategy.excludedips sourcecriterion.ipstrategy.ipv6subnet sourcecriterion.requestheadername "
    "sourcecriterion.requesthost redis.**",
    "http.middlewares.*.redirectregex": "regex replacement permanent",
    "http.middlewares.*.redirectscheme": "scheme permanent port forcepermanentredirect",
    "http.middlewares.*.replacepath": "path",
    "http.middlewares.*.replacepathregex": "regex replacement",
    "http.middlewares.*.retry": "attempts initialinterval timeout status maxrequestbodybytes "
    "disableretryonnetworkerror retrynonidempotentmethod",
    "http.middlewares.*.snippet": "**",
    "http.middlewares.*.stripprefix": "prefixes forceslash",
    "http.middlewares.*.stripprefixregex": "regex",
    "http.middlewares.*": "compress contenttype",
    "http.serverstransports.*": "**",
    "tcp.routers.*": "rule entrypoints middlewares service priority rulesyntax tls tls.passthrough tls.options "
    "tls.certresolver tls.domains[*].main tls.domains[*].sans",
    "tcp.services.*.loadbalancer": "server.port server.tls terminationdelay proxyprotocol proxyprotocol.version "
    "serverstransport healthcheck.port healthcheck.send healthcheck.expect healthcheck.interval healthcheck.timeout "
    "healthcheck.unhealthyinterval",
    "tcp.middlewares.*": "ipallowlist.sourcerange ipwhitelist.sourcerange inflightconn.amount",
    "tcp.serverstransports.*": "**",
    "udp.routers.*": "entrypoints service",
    "udp.services.*.loadbalancer": "server.port",
    "tls": "**",
    "docker": "network lbswarm",
    "swarm": "network lbswarm",
    "": "enable",
}

# The release that introduced an option, for all that 3.0 did not have from 2.x; a place counts for all below it.
SINCE: Mapping[str, str] = {
    "http.routers.*.rulesyntax": "3.0",
    "tcp.routers.*.rulesyntax": "3.0",
    "http.routers.*.observability": "3.3",
    "http.routers.*.observability.traceverbosity": "3.5",
    "http.routers.*.parentrefs": "3.6",
    "http.services.*.loadbalancer.server.weight": "3.0",
    "http.services.*.loadbalancer.server.url": "3.4",
    "http.services.*.loadbalancer.server.fenced": "3.3",
    "http.services.*.loadbalancer.strategy": "3.4",
    "http.services.*.loadbalancer.sticky.cookie.maxage": "3.0",
    "http.services.*.loadbalancer.sticky.cookie.path": "3.3",
    "http.services.*.loadbalancer.sticky.cookie.domain": "3.4",
    "http.services.*.loadbalancer.healthcheck.mode": "3.0",
    "http.services.*.loadbalancer.healthcheck.status": "3.0",
    "http.services.*.loadbalancer.healthcheck.unhealthyinterval": "3.5",
    "http.services.*.loadbalancer.passivehealthcheck": "3.5",
    "http.middlewares.*.buffering.disablerequestbuffer": "3.7",
    "http.middlewares.*.buffering.disableresponsebuffer": "3.7",
    "http.middlewares.*.circuitbreaker.responsecode": "3.0",
    "http.middlewares.*.compress.includedcontenttypes": "3.0",
    "http.middlewares.*.compress.encodings": "3.2",
    "http.middlewares.*.encodedcharacters": "3.7",
    "http.middlewares.*.errors.statusrewrites": "3.4",
    "http.middlewares.*.errors.errorrequestheaders": "3.6.15",
    "http.middlewares.*.forwardauth.addauthcookiestoresponse": "3.0",
    "http.middlewares.*.forwardauth.forwardbody": "3.3",
    "http.middlewares.*.forwardauth.maxbodysize": "3.3",
    "http.middlewares.*.forwardauth.maxresponsebodysize": "3.6.9",
    "http.middlewares.*.forwardauth.preservelocationheader": "3.3",
    "http.middlewares.*.forwardauth.preserverequestmethod": "3.4",
    "http.middlewares.*.forwardauth.authsigninurl": "3.7",
    "http.middlewares.*.grpcweb": "3.0",
    "http.middlewares.*.inflightreq.sourcecriterion.ipstrategy.ipv6subnet": "3.2",
    "http.middlewares.*.ipallowlist": "2.11",
    "http.middlewares.*.ipallowlist.rejectstatuscode": "3.0",
    "http.middlewares.*.ipallowlist.ipstrategy.ipv6subnet": "3.2",
    "http.middlewares.*.ratelimit.sourcecriterion.ipstrategy.ipv6subnet": "3.2",
    "http.middlewares.*.ratelimit.redis": "3.4",
    "http.middlewares.*.redirectscheme.forcepermanentredirect": "3.7",
    "http.middlewares.*.retry.timeout": "3.7",
    "http.middlewares.*.retry.status": "3.7",
    "http.middlewares.*.retry.maxrequestbodybytes": "3.7",
    "http.middlewares.*.retry.disableretryonnetworkerror": "3.7",
    "http.middlewares.*.retry.retrynonidempotentmethod": "3.7",
    "http.middlewares.*.snippet": "3.7",
    "tcp.middlewares.*.ipallowlist": "2.11",
    "tcp.services.*.loadbalancer.server.tls": "3.0",
    "tcp.services.*.loadbalancer.serverstransport": "3.0",
    "tcp.services.*.loadbalancer.healthcheck": "3.6",
    "swarm": "3.2.2",
}

# Withdrawn options: from which release on, whether the container is then refused, and what to write instead.
GONE: Mapping[str, tuple[str, bool, str]] = {
    "http.middlewares.*.headers.accesscontrolalloworigin": ("3.0", True, "Write accesscontrolalloworiginlist."),
    "http.middlewares.*.headers.sslredirect": ("3.0", False, "Use a redirectscheme middleware."),
    "http.middlewares.*.headers.ssltemporaryredirect": ("3.0", False, "Use a redirectscheme middleware."),
    "http.middlewares.*.headers.sslhost": ("3.0", False, "Use a redirectregex middleware."),
    "http.middlewares.*.headers.sslforcehost": ("3.0", False, "Use a redirectregex middleware."),
    "http.middlewares.*.headers.featurepolicy": ("3.0", False, "Write permissionspolicy."),
    "http.middlewares.*.stripprefix.forceslash": ("3.0", False, "Leave it out."),
    "http.middlewares.*.forwardauth.tls.caoptional": ("3.0", False, "Leave it out."),
    "http.middlewares.*.ipwhitelist": ("3.0", False, "Write ipallowlist, with the same options."),
    "tcp.middlewares.*.ipwhitelist": ("3.0", False, "Write ipallowlist, with the same options."),
    "tcp.services.*.loadbalancer.terminationdelay": ("3.0", False, "Set it in a TCP serversTransport of a file."),
    "tcp.services.*.loadbalancer.proxyprotocol": ("3.5.2", False, "Set it in a TCP serversTransport of a file."),
    "http.routers.*.rulesyntax": ("3.4", False, "Write the rule as Traefik 3 has it, and leave this out."),
    "tcp.routers.*.rulesyntax": ("3.4", False, "Write the rule as Traefik 3 has it, and leave this out."),
    "docker.lbswarm": ("3.2.2", False, "Write traefik.swarm.lbswarm."),
}

# Static options that a release withdrew: from which on, whether it does not start with them, and what to do instead.
GONE_SETTINGS: Mapping[str, tuple[str, bool, str]] = {
    "providers.docker.swarmmode": ("3.0", True, "Use --providers.swarm.endpoint instead."),
    "providers.docker.tls.caoptional": ("3.0", True, "Leave it out."),
    "providers.marathon": ("3.0", True, "Leave it out."),
    "providers.rancher": ("3.0", True, "Leave it out."),
    "pilot.token": ("3.0", True, "Leave it out."),
    "metrics.influxdb": ("3.0", True, "Use metrics.influxdb2."),
    "experimental.http3": ("3.0", True, "Set http3 of the entry point instead."),
    "core.defaultrulesyntax": ("3.4", False, "Write all rules as Traefik 3 has them, and leave it out."),
    "tracing.globalattributes": ("3.3", False, "Write tracing.resourceattributes."),
}


@lru_cache(maxsize=1)
def known_options() -> tuple[str, ...]:
    """Every option with its place, names as `*`."""
    return tuple(_options())


def _options() -> Iterator[str]:
    for place, options in PLACES.items():
        for option in options.split():
            yield f"{place}.{option}".lstrip(".")
