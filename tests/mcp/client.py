"""Drives the real binary with the official Python MCP client, over stdio and HTTP, old protocol and new.

    python3 -m venv venv && venv/bin/pip install -r tests/mcp/requirements.txt
    venv/bin/python tests/mcp/client.py target/debug/dayi
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

from mcp import Client, MCPError, StdioServerParameters

FAQ = "data/wecom-faq/wecom-faq.md"
QUESTION = "企业微信建的群能解散吗？"
MODES = ["legacy", "2026-07-28", "auto"]


async def use(client: Client) -> None:
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["faq_get", "faq_search", "faq_triage"], list(tools)
    for tool in tools.values():
        assert tool.annotations.read_only_hint and not tool.annotations.open_world_hint
        assert tool.input_schema["additionalProperties"] is False, tool.input_schema
    assert tools["faq_search"].output_schema["required"] == ["band", "results", "index_version"]

    found = await client.call_tool("faq_search", {"query": QUESTION, "top_k": 2})
    assert not found.is_error, found
    content = found.structured_content
    assert content["band"] == "answer" and len(content["results"]) == 2, content
    best = content["results"][0]
    assert best["faq_id"] == "wecom-faq-3-1" and best["confidence"] > 0.9, best
    assert "解散群聊" in best["answer_markdown"], best
    assert json.loads(found.content[0].text) == content, "the text block says the same"

    nothing = await client.call_tool("faq_search", {"query": "今天天气怎么样"})
    assert not nothing.is_error and nothing.structured_content["band"] == "none", nothing

    entry = await client.call_tool("faq_get", {"faq_id": "wecom-faq-3-26"})
    assert "离职继承" in entry.structured_content["question"], entry
    assert len(entry.structured_content["images"]) == 1, entry

    body = f"您好，{QUESTION}另外，员工离职了客户怎么继承？请转人工，谢谢"
    ticket = (await client.call_tool("faq_triage", {"body": body})).structured_content
    ids = [question["matches"][0]["id"] for question in ticket["questions"]]
    assert ids == ["wecom-faq-3-1", "wecom-faq-3-26"], ticket
    assert ticket["needs_human"] and [r["code"] for r in ticket["reasons"]] == ["asks_for_person"], ticket

    for name, arguments in [
        ("faq_search", {"query": ""}),
        ("faq_search", {"query": "群", "top_k": 11}),
        ("faq_search", {"query": "群", "topk": 1}),
        ("faq_get", {"faq_id": "no-such-entry"}),
        ("faq_nothing", {}),
    ]:
        try:
            refused = await client.call_tool(name, arguments)
        except MCPError:
            continue
        assert refused.is_error, (name, arguments, refused)


async def over_stdio(dayi: str, mode: str) -> None:
    server = StdioServerParameters(command=dayi, args=["mcp", "--faq", FAQ], env={**os.environ, "RUST_LOG": "error"})
    async with Client(server, mode=mode) as client:
        await use(client)


async def over_http(url: str, mode: str) -> None:
    async with Client(f"{url}/mcp", mode=mode) as client:
        await asyncio.gather(*(use(client) for _ in range(4)))


def status(url: str, headers: dict[str, str]) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    wanted = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    request = urllib.request.Request(f"{url}/mcp", json.dumps(body).encode(), {**wanted, **headers})
    try:
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        return error.code


def refuses_other_sites(url: str) -> None:
    assert status(url, {}) == 200
    assert status(url, {"origin": "http://localhost:3000"}) == 200
    # Without keys, only callers on this machine are let in: what another site sends is not from one.
    for headers in [{"origin": "https://evil.example"}, {"origin": "null"}, {"host": "evil.example"}]:
        assert status(url, headers) in (401, 403, 421), headers


def main() -> None:
    dayi = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as data:
        arguments = [dayi, "serve", "--data", data, "--faq", FAQ, "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        try:
            url = server.stdout.readline().strip().removeprefix("listening on ")
            refuses_other_sites(url)
            for mode in MODES:
                asyncio.run(over_http(url, mode))
                print(f"http   {mode}: ok")
        finally:
            server.terminate()
            server.wait()
    for mode in MODES:
        asyncio.run(over_stdio(dayi, mode))
        print(f"stdio  {mode}: ok")


if __name__ == "__main__":
    main()
