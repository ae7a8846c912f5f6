"""Configurations of Nginx and Caddy as directives with their places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from docker_agent.core.errors import InputError
from docker_agent.domains.proxy.files import caddyfile, nginx_config
from docker_agent.domains.proxy.files.directives import Directive, walk

NGINX = r"""# a comment; with { marks
user  nginx;
http {
    log_format main '$remote_addr "$request" it\'s' "a\"b;{}";
    server{
        listen 80;# behind
        server_name ~^(?<sub>.+)\.shop\.test$ a#b;
        location ~ "^/a{2}$" { return 200 "two
lines"; }
        location /${x}/y { proxy_pass http://${backend}:80$uri; }
        if ($a = "") {}
    }
}
"""
CADDY = """\
{
	email me@shop.test # a comment
}
(common) {
	header X-A "a \\"b\\" {c} \\d"
}
import sites/*.caddy
shop.test, www.shop.test,
http://old.test {
	import common
	@api path /api/* \\
		/v2/*
	handle @api {
		reverse_proxy {
			to web:8080
		}
	}
	respond <<HTML
		<p>
		<b>{}</b>
		HTML 503
	respond `raw "x" \\` 200
}
"""


def shape(text: str, directives: Sequence[Directive]) -> list[object]:
    """Names, values and blocks, after a look at every place."""
    shown: list[object] = []
    for each in directives:
        assert text[each.start :].startswith(each.name) or text[each.start] in "\"'`"
        words = [each.name, *each.words]
        if each.block is None:
            shown.append(words)
            continue
        assert text[each.end - 1] == "}" == text[each.block_end]
        assert text[each.block_start - 1] == "{"
        shown.append((words, shape(text, each.block)))
    return shown


def test_nginx_is_read_as_nginx_reads_it() -> None:
    """Quotes, escapes, variables in braces, comments and braces within quotes are where Nginx sees them."""
    found = nginx_config.parse(NGINX)
    assert shape(NGINX, found) == [
        ["user", "nginx"],
        (
            ["http"],
            [
                ["log_format", "main", '$remote_addr "$request" it\'s', 'a"b;{}'],
                (
                    ["server"],
                    [
                        ["listen", "80"],
                        ["server_name", r"~^(?<sub>.+)\.shop\.test$", "a#b"],
                        (["location", "~", "^/a{2}$"], [["return", "200", "two\nlines"]]),
                        (["location", "/${x}/y"], [["proxy_pass", "http://${backend}:80$uri"]]),
                        (["if", "($a", "=", "", ")"], []),
                    ],
                ),
            ],
        ),
    ]
    server = next(each for each in walk(found) if each.name == "server")
    listen = next(server.named("listen"))
    assert NGINX[listen.start : listen.end] == "listen 80;"
    assert NGINX[listen.args[0].start : listen.args[0].end] == listen.value == "80"


def test_a_caddyfile_is_read_as_caddy_reads_it() -> None:
    """Lines end directives; quotes, backticks, heredocs, placeholders and several addresses are understood."""
    assert shape(CADDY, caddyfile.parse(CADDY)) == [
        ([""], [["email", "me@shop.test"]]),
        (["(common)"], [["header", "X-A", 'a "b" {c} \\d']]),
        ["import", "sites/*.caddy"],
        (
            ["shop.test", "www.shop.test", "http://old.test"],
            [
                ["import", "common"],
                ["@api", "path", "/api/*", "/v2/*"],
                (["handle", "@api"], [(["reverse_proxy"], [["to", "web:8080"]])]),
                ["respond", "<p>\n<b>{}</b>", "503"],
                ["respond", 'raw "x" \\', "200"],
            ],
        ),
    ]


def test_a_site_without_braces_has_the_rest_of_the_file() -> None:
    """As in the shortest Caddyfile there is."""
    text = "{\n\tdebug\n}\n:80, localhost\n\nencode gzip\nhandle {\n\tfile_server\n}\n"
    _, site = caddyfile.parse(text)
    assert (site.name, site.words) == (":80", ("localhost",))
    assert [each.name for each in site.block or ()] == ["encode", "handle"]
    assert text[site.block_start : site.block_end] == "\n\nencode gzip\nhandle {\n\tfile_server\n}\n"


@pytest.mark.parametrize(
    ("parse", "text", "said"),
    [
        (nginx_config.parse, "a;\nb {\nc;", "x.conf, line 2: the block of 'b' is not closed."),
        (nginx_config.parse, "a;\nb c", "x.conf, line 2: 'b' has no semicolon."),
        (nginx_config.parse, "a 'b;\n", "x.conf, line 1: a quote or an escape does not end."),
        (nginx_config.parse, "a;\n;", "x.conf, line 2: unexpected ';'."),
        (nginx_config.parse, "a { b }", "x.conf, line 1: unexpected '}'."),
        (nginx_config.parse, "a;}", "x.conf, line 1: unexpected '}'."),
        (nginx_config.parse, "a {" * 2000, "x.conf, line 1: unexpected '{'."),
        (caddyfile.parse, "a {\n\tb {\n", "x.conf, line 2: the block of 'b' is not closed."),
        (caddyfile.parse, ":80\n\nroot /x\n}\n", "x.conf, line 4: unexpected '}'."),
        (caddyfile.parse, 'a {\nb "c\n}', "x.conf, line 2: a quote or heredoc does not end."),
        (caddyfile.parse, "a {\nb <<X\nY\n}", "x.conf, line 2: a quote or heredoc does not end."),
        (caddyfile.parse, "a {\n}\nb\n", "x.conf, line 3: 'b' has no block."),
        (caddyfile.parse, "a {\n{\n}\n}", "x.conf, line 2: unexpected '{'."),
        (caddyfile.parse, "a {\n}\n}", "x.conf, line 3: unexpected '}'."),
        (caddyfile.parse, "a,\n", "x.conf, line 1: no address follows the comma."),
        (caddyfile.parse, "a {\n" * 2000, "x.conf, line 101: unexpected '{'."),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    parse: Callable[[str, str], list[Directive]], text: str, said: str
) -> None:
    """The error says the file, the line and what is wrong there."""
    with pytest.raises(InputError) as error:
        parse(text, "x.conf")
    assert error.value.message == said
