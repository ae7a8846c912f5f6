"""Which procedure a prompt leads to, and which prompts may lead to a plan."""

from __future__ import annotations

import pytest

from docker_agent.agent.sop import load_sops
from docker_agent.agent.wish import choose_sop, read_wish
from docker_agent.settings import texts

SOPS = load_sops(texts("prompts") / "sops")
DAEMON = "Error response from daemon: "
ALLOCATED = f"{DAEMON}Bind for 0.0.0.0:80 failed: port is already allocated"

LEADS = {
    "crash-loop": """
        web keeps restarting
        web keeps restarting, find out why and fix it
        The importer is down this morning. Can you tell me what happened?
        api exits at once
        worker was killed, exit code 137
        why was db killed, out of memory?
        the api won't start
        nginx keeps crashing since the update
        docker compose up fails and the api is not started
        docker compose up does not do anything here but complain
        api and worker restart over and over
        api is stuck in created and never comes up
        the build fails
        fix web
        Is anything wrong with this stack?
        investigate why web restarts
        debug the api
        payment is in a restart loop
        Cannot connect to the Docker daemon at unix:///var/run/docker.sock
        traefik crashes
        its log is endless and nobody knows why it ended
    """,
    "unhealthy": """
        db is unhealthy
        why is catalog unhealthy?
        ingest has been in state starting for a long time
        api stays in starting
        it is stuck in starting
        gateway never becomes healthy, please mend it
        the healthcheck of web fails
        health check of db times out
        web isn't healthy
        billing is flagged unhealthy every few minutes, please fix it
        web is unhealthy although the page opens in my browser. Please make it healthy.
        the container is running but not healthy
    """,
    "not-reachable": """
        web is not reachable
        I can't reach web
        nothing answers on port 80
        the site is down
        our website is down, fix it
        502 from the proxy
        traefik gives 404 for the shop
        https customers get Bad Gateway on /shop
        why do I get 503 service unavailable?
        nginx answers 504
        wrong certificate for the shop
        the browser says connection refused
        connection refused from outside
        curl: connection refused on localhost:8080
        too many redirects on the login page
        redirect loop behind the proxy
        I can't open http://localhost:28950
        the page does not load
        web is unreachable from the internet
        cannot open the app in the browser
    """,
    "route-broken": """
        why is app.example.com 404
        why is https://app.example.com/api 404?
        https://shop.example.com/api answers 502
        http://web.test:8080/ answers 502, fix it
        502 behind traefik
        503 behind caddy, fix it
        certificate error
        app.example.com has a certificate for another name
        why does https://app.example.com show the wrong certificate?
        redirect loop
        app.example.com redirects forever
        it says 404 page not found
        trace the route to app.example.com
        which hop breaks https://app.test/api?
    """,
    "network-trouble": """
        api cannot reach db
        api can't connect to db
        the services cannot reach each other
        web gets connection refused from db
        the name db does not resolve in api
        getaddrinfo EAI_AGAIN db
        api says no such host
        worker times out talking to redis
        dns does not work in the containers
        why can't api ping db?
        db is unreachable from api
        dial tcp 172.18.0.3:5432: connect: connection refused
        sync has no internet from inside
        timeouts between web and cache
    """,
    "resource-usage": """
        web is slow
        why is the site so slow?
        high cpu on worker
        what eats all the memory?
        api uses too much memory
        is there a memory leak in api?
        the worker is throttled
        disk is full
        no space left on device
        the disk fills up day by day
        the logs are growing huge
        log files fill the disk
        which container uses the most cpu
        Making thumbnails takes ages, and the machine is nearly idle all the while
        the server is overloaded
    """,
    "logs": """
        show me the logs of web
        tail db
        show logs of nginx
        Show me the last log lines of billing.
    """,
    "restart": """
        restart web
        restart traefik please
        please restart the proxy
        reboot the db container
    """,
    "stack-up": """
        bring it up
        docker compose up
        start web
        deploy the stack
        start caddy
    """,
    "deploy": """
        deploy to production
        deploy web to staging
        please deploy the shop to prod
        roll out the whole stack
        let's go live
    """,
    "release": """
        send 10 % to web 1.1.0, watch it for five minutes, then go on or go back
        send 10 % to web 4, watch it for 5 seconds, then go on or go back
        release v1.1.0 blue-green
        release web 2.0
        send 10 % to the new version, watch it for five minutes, then go on or go back
        canary web 1.1.0 at 10 and 50 percent
        roll out shop/web:2.0 with zero downtime
        promote the canary
    """,
    "unfinished-release": """
        how far is the release?
        the release was interrupted, go on
        abort the release
        resume the release of web
        which version serves?
    """,
    "add-route": """
        put myapp behind traefik at app.example.com with https and basic auth
        add a route for web at https://shop.example.com
        serve web at www.example.org behind caddy
        put web behind traefik as shop.example.com with basic auth
        put web at shop.example.com
        expose web at shop.example.com with basic auth
        route shop.example.com to web
        make web reachable at shop.example.com behind traefik with basic auth for user ann, password in SHOP_PASSWORD
    """,
    "maintenance": """
        put shop.example.com into maintenance
        end the maintenance of shop.example.com
        maintenance mode for shop.example.com
        take shop.example.com offline for maintenance
    """,
    "rollback": """
        roll back
        roll back the last deployment
        rollback
        undo the last deployment
        please go back to the previous version
        roll web back to the last version
    """,
    "stack-down": """
        take the stack down
        stop everything
        docker compose down
    """,
    "compose-check": """
        check my compose file
        lint docker-compose.yml
        is my compose.yml secure?
        validate the yaml
    """,
    "look-around": """
        what is running here?
        give me an overview
        Delete all volumes, the disk is nearly full.
        clean everything
        run a health check
        show containers
    """,
}
ONLY_LOOKS = """
    why is web slow?
    why can't api reach db?
    explain why the site is down
    explain the 502 of the shop
    take a look at web, it is unhealthy
    have a quick look: api times out
    please look at the memory of web
    what eats all the memory?
    which service uses the most cpu
    is the certificate wrong?
    how come db is unhealthy?
    show me why the name db does not resolve
    web is slow, just tell me why
    the disk is full, do not change anything
    why do I get 502 while web is up and running?
    explain why web does not get healthy
    how do I fix the 404?
    tell me what "connection refused" means here
"""
PLANS = """
    web is slow
    db is unhealthy, fix it
    the site is down
    api cannot reach db, please repair
    can you fix the 502?
    The api comes and goes every few seconds. Can you sort that out, please?
    api cannot resolve the host db
    resolve the timeouts between web and cache
    investigate the timeouts between web and cache
"""


def prompts(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines()]


def routed(prompt: str) -> str:
    sop = choose_sop(SOPS, prompt)
    return sop.name if sop else ""


def test_every_prompt_leads_to_its_procedure() -> None:
    wanted = {prompt: name for name, block in LEADS.items() for prompt in prompts(block)}

    assert {prompt: routed(prompt) for prompt in wanted} == wanted
    assert len(wanted) > 100


def test_who_asks_why_or_looks_gets_no_plan_and_who_complains_does() -> None:
    wanted = dict.fromkeys(prompts(ONLY_LOOKS), False) | dict.fromkeys(prompts(PLANS), True)

    assert {prompt: read_wish(prompt).changes for prompt in wanted} == wanted


@pytest.mark.parametrize(
    ("prompt", "url"),
    [
        ("why is https://app.example.com/api?a=1 404?", "https://app.example.com/api?a=1"),
        ("app.example.com:8443/x, is it down?", "app.example.com:8443/x"),
        ("Is http://localhost:8080/ up", "http://localhost:8080/"),
        ("(see app.example.com).", "app.example.com"),
        ("check docker-compose.yml and nginx.conf", ""),
        ("mail me at me@example.com about 172.18.0.3:5432", ""),
        ("502 behind traefik", ""),
    ],
)
def test_the_site_that_a_prompt_names_is_read(prompt: str, url: str) -> None:
    assert read_wish(prompt).url == url


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        (f"I get: {ALLOCATED}", "crash-loop"),
        (f"web is slow. {DAEMON}no such image", "resource-usage"),
        (f'start web, it says "{DAEMON}remove it or delete the volume"', "stack-up"),
        ("my site shows `502 Bad Gateway`", "not-reachable"),
        ('the app says "dial tcp: lookup db: no such host"', "network-trouble"),
        ("compose says: dependency failed to start: container shop-db-1 is unhealthy", "unhealthy"),
    ],
)
def test_own_words_lead_and_a_pasted_message_only_where_they_say_nothing(prompt: str, name: str) -> None:
    assert routed(prompt) == name
