from spin_sdk import http, llm
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        if request.uri == "/embeddings":
            made = llm.generate_embeddings("all-minilm-l6-v2", ["cat", "dog"])
            return text(f"{len(made.embeddings)} vectors of {len(made.embeddings[0])} numbers")

        prompt = str(request.body or b"Tell me a joke", "utf-8")
        options = llm.InferencingParams(max_tokens=50, temperature=0.2)
        answer = llm.infer_with_options("llama2-chat", prompt, options)
        print(f"{answer.usage.prompt_token_count} tokens in, {answer.usage.generated_token_count} out")
        return text(answer.text)


def text(body: str) -> Response:
    return Response(200, {"content-type": "text/plain"}, bytes(body, "utf-8"))
