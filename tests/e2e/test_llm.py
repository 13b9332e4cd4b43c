"""fermyon:spin/llm and spin_sdk.llm, with a little service that speaks both protocols."""


import threading

import pytest

APP = """
from spin_sdk import http, llm
from spin_sdk.http import Request, Response
from spin_sdk.wit.types import Err

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        try:
            answer = eval(request.body)
        except Err as e:
            answer = e
        return Response(200, {"content-type": "text/plain"}, repr(answer).encode())
"""

MODELS = 'ai_models = ["llama2-chat", "absent"]'
KINDS = ["default", "open_ai"]


@pytest.fixture
def ask(up, python_app, llm_server, tmp_path):
    """Starts the application with a runtime config, and evaluates expressions."""
    folder = python_app(APP, replace=[("[component.hello]\n", f"[component.hello]\n{MODELS}\n")])

    def start(config, *arguments):
        path = tmp_path / "runtime.toml"
        path.write_text(config)
        app = up(folder, "--runtime-config-file", str(path), *arguments)

        def evaluate(code):
            answer = app.post("/", code.encode())
            assert answer.status == 200, app.errors()
            return answer.body.decode()

        evaluate.app = app
        return evaluate

    return start


def remote(llm_server, kind="default", token="secret"):
    return (f'[llm_compute]\ntype = "remote_http"\nurl = "{llm_server.address}"\n'
            f'auth_token = "{token}"\napi_type = "{kind}"\n')


@pytest.mark.parametrize("kind", KINDS)
def test_ai_inferencing_from_python_components(ask, llm_server, kind):
    asked = ask(remote(llm_server, kind))
    assert asked("llm.infer('llama2-chat', 'Grüße')") == (
        "InferencingResult(text='You said: Grüße', usage=InferencingUsage(prompt_token_count=3, "
        "generated_token_count=100))")
    assert "generated_token_count=7" in asked(
        "llm.infer_with_options('llama2-chat', 'a', llm.InferencingParams(max_tokens=7))")
    assert asked("llm.infer_with_options('llama2-chat', 'a', None).text") == "'You said: a'"
    assert asked("llm.generate_embeddings('llama2-chat', ['a', '', 'ccc'])") == (
        "EmbeddingsResult(embeddings=[[1.0, 0.5, -0.25], [0.0, 0.5, -0.25], [3.0, 0.5, -0.25]], "
        "usage=EmbeddingsUsage(prompt_token_count=3))")
    assert asked("llm.generate_embeddings('llama2-chat', ()).embeddings") == "[]"


def test_what_is_asked(ask, llm_server):
    asked = ask(remote(llm_server))
    asked("llm.infer('llama2-chat', 'a')")
    asked("llm.infer_with_options('llama2-chat', 'a', llm.InferencingParams(1, 0.25, 2, 0.5, 3, 0.3))")
    usual = {"maxTokens": 100, "repeatPenalty": 1.1, "repeatPenaltyLastNTokenCount": 64,
             "temperature": 0.8, "topK": 40, "topP": 0.9}
    given = {"maxTokens": 1, "repeatPenalty": 0.25, "repeatPenaltyLastNTokenCount": 2,
             "temperature": 0.5, "topK": 3, "topP": 0.3}
    assert llm_server.asked == [
        ("/infer", {"model": "llama2-chat", "prompt": "a", "options": usual}),
        ("/infer", {"model": "llama2-chat", "prompt": "a", "options": given})]


def test_a_model_that_is_not_granted(ask, llm_server):
    """The refused twin: nothing reaches the service."""
    asked = ask(remote(llm_server))
    for code in ("llm.infer('other', 'a')", "llm.generate_embeddings('other', ['a'])"):
        assert asked(code) == (
            "Err(value=Error_InvalidInput(value=\"The component does not have access to use 'other'. To "
            "give the component access, add 'other' to the 'ai_models' key for the component in your "
            "spin.toml manifest\"))")
    assert llm_server.asked == []


def test_no_model_is_granted(up, python_app, llm_server, tmp_path):
    (tmp_path / "runtime.toml").write_text(remote(llm_server))
    app = up(python_app(APP), "--runtime-config-file", str(tmp_path / "runtime.toml"))
    assert b"does not have access to use 'llama2-chat'" in app.post(
        "/", b"llm.infer('llama2-chat', 'a')").body
    assert llm_server.asked == []


def test_a_model_that_the_service_does_not_have(ask, llm_server):
    asked = ask(remote(llm_server, "open_ai"))
    assert asked("llm.infer('absent', 'a')") == "Err(value=Error_ModelNotSupported())"
    asked.app.wait_for(asked.app.err, "no such model: no model `absent`")


def test_without_a_service(ask, up, python_app):
    none = "Local LLM operations are not supported in this version of Spin."
    asked = ask("")
    assert asked("llm.infer('llama2-chat', 'a')") == f"Err(value=Error_RuntimeError(value='{none}'))"
    asked = ask('[llm_compute]\ntype = "spin"\n')
    assert asked("llm.generate_embeddings('llama2-chat', ['a'])") == (
        f"Err(value=Error_RuntimeError(value='{none} Set type = \"remote_http\" in [llm_compute] of "
        "the runtime configuration, with the url of a service'))")


def test_a_wrong_token(ask, llm_server):
    asked = ask(remote(llm_server, "open_ai", "hushhush"))
    assert asked("llm.infer('llama2-chat', 'a')") == (
        "Err(value=Error_RuntimeError(value='who are you?'))")
    assert "hushhush" not in asked.app.errors()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status, answer, error", [
    (200, b"", "Failed to deserialize response for"),
    (500, b"<html>", "(status 500)"),
    (200, b"[" * 100_000, "Failed to deserialize response for"),
    (200, b'{"text": "\xff"}', "Failed to deserialize response for"),
    (200, b"[1, 2]", "must be a string"),
    (200, b'{"text": 7, "choices": {"message": []}}', "must be a string"),
    (200, b'"' + b"x" * (17 << 20) + b'"', "the answer is longer than 16777216 bytes"),
], ids=["empty", "html", "nested", "bytes", "array", "types", "huge"])
def test_hostile_answers(ask, llm_server, kind, status, answer, error):
    asked = ask(remote(llm_server, kind))
    llm_server.answer = status, answer
    said = asked("llm.infer('llama2-chat', 'a')")
    assert "Error_RuntimeError" in said and error in said, said
    llm_server.answer = None
    assert asked("llm.infer('llama2-chat', 'a').text") == "'You said: a'"


def test_numbers_that_have_no_meaning(ask, llm_server):
    asked = ask(remote(llm_server))
    assert asked("llm.infer_with_options('llama2-chat', 'a', llm.InferencingParams("
                 "temperature=float('nan')))") == (
        "Err(value=Error_InvalidInput(value='a parameter is a number that JSON cannot have'))")


def test_nobody_listens(ask, llm_server):
    config = remote(llm_server).replace(llm_server.address, "http://127.0.0.1:1")
    said = ask(config)("llm.infer('llama2-chat', 'a')")
    assert "Error_RuntimeError" in said and "POST /infer request error" in said, said


def test_large_prompts_and_answers(ask, llm_server):
    asked = ask(remote(llm_server))
    assert asked("len(llm.infer('llama2-chat', 'x' * 3_000_000).text)") == str(3_000_000 + 10)


def test_a_service_that_is_waited_for_keeps_nobody_else(ask, llm_server):
    asked = ask(remote(llm_server), "--threads", "1")
    asked("1")
    go_on = threading.Event()
    answer = llm_server.infer

    def slow(body):
        if body["prompt"] == "slow":
            assert go_on.wait(60)
        return answer(body)

    llm_server.infer = slow
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(
        asked("llm.infer('llama2-chat', 'slow').text"))) for _ in range(4)]
    for thread in waiting:
        thread.start()
    while len(llm_server.asked) < 4:
        assert asked("2") == "2"
    go_on.set()
    for thread in waiting:
        thread.join(60)
    assert answers == ["'You said: slow'"] * 4


def test_nothing_is_left_behind(ask, llm_server):
    asked = ask(remote(llm_server), "--check-rewind")
    for code in ("llm.infer('llama2-chat', 'a').text", "llm.infer('other', 'a')",
                 "llm.generate_embeddings('llama2-chat', ['a'] * 100)") * 5:
        asked(code)
    assert asked.app.stop() == 0
    assert "check-rewind: 15 requests, 0 left something" in asked.app.errors()


def test_the_example(up, example, llm_server):
    folder = example("llm")
    config = (folder / "runtime-config.toml").read_text()
    assert "http://127.0.0.1:8080" in config
    (folder / "runtime-config.toml").write_text(
        config.replace("http://127.0.0.1:8080", llm_server.address))
    app = up(folder, "--runtime-config-file", "runtime-config.toml")
    assert app.post("/", b"Why?").body == b"You said: Why?"
    assert app.get("/embeddings").body == b"2 vectors of 3 numbers"
    app.wait_for(app.err, "3 tokens in, 50 out")
    assert llm_server.asked[0] == ("/v1/chat/completions", {
        "messages": [{"role": "user", "content": "Why?"}], "model": "llama2-chat",
        "max_completion_tokens": 50, "frequency_penalty": 1.1})
