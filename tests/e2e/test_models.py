"""A provider's wire protocol end to end: a stub server on loopback, the real SDK, the real command."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aia.config import load_settings
from aia.core.errors import Invalid
from aia.corpora.sample import write_sample
from aia.llm import ModelUnavailable, Prompt, choose, open_model
from tests.e2e.test_cli import aia


@contextmanager
def stub(
    status: int = 200, content: str = '{"name": "A calmer tool", "summary": "It should just work."}'
) -> Iterator:
    """Speaks OpenAI's and Groq's chat completions and Anthropic's messages; remembers what it was asked."""
    asked: list[dict] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({"path": self.path, "body": body})
            usage = {"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}
            answer = {
                "id": "x", "object": "chat.completion", "created": 0, "model": "stub", "usage": usage,
                "choices": [
                    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}},
                ],
            }  # fmt: skip
            if "messages" in self.path:
                answer = {
                    "id": "x", "type": "message", "role": "assistant", "model": "stub", "stop_reason": "end_turn",
                    "content": [{"type": "text", "text": content}],
                    "usage": {"input_tokens": 900, "output_tokens": 50},
                }  # fmt: skip
            data = json.dumps(answer if status == 200 else {"error": {"message": "no"}}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_a_discovery_with_a_key_lets_the_model_phrase_and_pays_its_tokens(tmp_path):
    sample = write_sample(tmp_path, documents=250)
    with stub() as (url, asked):
        run = aia(
            tmp_path / "home",
            *("discover", str(sample), "--json"),
            OPENAI_API_KEY="sk-test",
            AIA_MODEL="openai:stub",
            AIA_MODEL_BASE_URL=f"{url}/v1",
        )
    assert run.returncode == 0, run.stderr
    answer = json.loads(run.stdout)
    assert {o["title"] for o in answer["opportunities"]} == {"A calmer tool"}
    assert all(entry["path"] == "/v1/chat/completions" for entry in asked)
    assert "sk-test" not in run.stdout + run.stderr
    assert 0 < float(answer["spent"]) < float(answer["budget"])
    assert answer["trial_balance"] == 0


def test_a_provider_that_is_down_costs_nothing_and_the_extracted_words_stand(tmp_path):
    sample = write_sample(tmp_path, documents=250)
    with stub(status=401) as (url, _):
        run = aia(
            tmp_path / "home",
            *("discover", str(sample), "--json"),
            OPENAI_API_KEY="sk-test",
            AIA_MODEL="openai:stub",
            AIA_MODEL_BASE_URL=f"{url}/v1",
        )
    assert run.returncode == 0, run.stderr
    assert len({o["title"] for o in json.loads(run.stdout)["opportunities"]}) > 3


@pytest.mark.anyio
@pytest.mark.parametrize(("provider", "suffix"), [("openai", "/v1"), ("anthropic", ""), ("groq", "")])
async def test_each_provider_answers_through_its_own_protocol(monkeypatch, provider, suffix):
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", "key")
    monkeypatch.setenv("AIA_MODEL", f"{provider}:stub")
    with stub(content="hello") as (url, asked):
        monkeypatch.setenv("AIA_MODEL_BASE_URL", url + suffix)
        choice = choose(load_settings())
        assert choice is not None
        assert "key" not in repr(choice.key)
        answer = await open_model(choice).ask(Prompt("Be brief.", "Hello?", 20))
    assert (answer.text, answer.input_tokens, answer.output_tokens) == ("hello", 900, 50)
    assert "Be brief." in json.dumps(asked[0]["body"])


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_unavailable_by_name(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setenv("AIA_MODEL_BASE_URL", "http://127.0.0.1:9/v1")
    choice = choose(load_settings())
    assert choice is not None
    with pytest.raises(ModelUnavailable, match="openai:"):
        await open_model(choice).ask(Prompt("i", "t", 5))


def test_without_a_key_there_is_no_model_and_an_unknown_provider_is_refused(monkeypatch):
    assert choose(load_settings()) is None
    monkeypatch.setenv("AIA_MODEL", "nobody:model")
    monkeypatch.setenv("AIA_MODEL_BASE_URL", "http://127.0.0.1:9")
    choice = choose(load_settings())
    assert choice is not None
    with pytest.raises(Invalid, match="installed are|there are"):
        open_model(choice)


@pytest.mark.parametrize("text", ["", "x", "é" * 100, "word " * 50])
def test_no_prompt_is_held_for_fewer_tokens_than_its_bytes(text):
    assert Prompt("abc", text, 7).tokens_max == 3 + len(text.encode()) + 7
