"""PyTorch and sentence-transformers as a peer: a JSON command a line on stdin, a JSON answer a line on stdout.

Every command that measures answers with the milliseconds that its work took. Texts are padded batch by batch as
sentence-transformers does by default, sorted by length for encoding; pairs are padded column by column as its trainer
does.
"""

import importlib.metadata
import json
import sys
import time

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CoSENTLoss

model = None
kept = {}


def clocked(work):
    begun = time.perf_counter()
    work()
    return {"ms": 1000 * (time.perf_counter() - begun)}


def start(threads, path):
    global model
    torch.set_num_threads(threads)
    kept["path"] = path
    model = SentenceTransformer(path, device="cpu")
    names = ["torch", "sentence-transformers", "transformers"]
    versions = {name: importlib.metadata.version(name) for name in names}
    return {"versions": versions, "threads": torch.get_num_threads()}


def set_threads(threads):
    torch.set_num_threads(threads)
    return {}


def matmul(shape, layout, repeats):
    key = ("matmul", *shape)
    if key not in kept:
        m, n, k = shape
        kept[key] = torch.rand(m, k), torch.rand(n, k), torch.rand(m, n), torch.rand(n)
    x, w, y, bias = kept[key]
    products = {"nt": lambda: torch.addmm(bias, x, w.T), "nn": lambda: y @ w, "tn": lambda: y.T @ x}

    def work():
        for _ in range(repeats):
            products[layout]()

    return clocked(work)


def texts(name, strings):
    kept[name] = strings
    return {"tokens": sum(len(model.tokenizer(text, truncation=True)["input_ids"]) for text in strings)}


def encode(name):
    return clocked(lambda: model.encode(kept[name], show_progress_bar=False))


def train_texts(batches):
    trained = SentenceTransformer(kept["path"], device="cpu")
    for module in trained.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.1
    trained.train()
    columns = [
        (
            [trained.preprocess([pair[side] for pair in batch["pairs"]]) for side in (0, 1)],
            torch.tensor(batch["grades"], dtype=torch.float32),
        )
        for batch in batches
    ]
    optimizer = torch.optim.AdamW(trained.parameters(), lr=1e-6, weight_decay=0.0, fused=True)
    kept["training"] = trained, CoSENTLoss(trained), optimizer, columns
    return {}


def train(batch):
    trained, loss_of, optimizer, columns = kept["training"]
    features, grades = columns[batch]

    def work():
        # A module adds its results to the features that it is given.
        loss = loss_of([dict(feature) for feature in features], grades)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()

    return clocked(work)


def vectors(count, width):
    kept["vectors"] = torch.rand(count, width)
    return {}


def search(queries, k):
    width = kept["vectors"].shape[1]
    asked = torch.rand(queries, width)

    def work():
        with torch.inference_mode():
            torch.topk(asked @ kept["vectors"].T, k)

    return clocked(work)


def forget(name):
    kept.pop(name, None)
    return {}


class Pooled(torch.nn.Module):
    """Unit vectors of mean-pooled tokens, as the model's modules make them."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids, attention_mask):
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)


def export_onnx(path):
    ids = torch.ones(2, 16, dtype=torch.int64)
    names = ["input_ids", "attention_mask"]
    axes = {0: torch.export.Dim("texts"), 1: torch.export.Dim("tokens")}
    torch.onnx.export(
        Pooled(model[0].auto_model).eval(),
        (ids, torch.ones_like(ids)),
        path,
        input_names=names,
        output_names=["vectors"],
        dynamic_shapes={name: axes for name in names},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    return {}


commands = {
    command.__name__: command
    for command in (start, set_threads, matmul, texts, encode, train_texts, train, vectors, search, forget, export_onnx)
}

# What libraries print must not come between the answers.
answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    request = json.loads(line)
    answer = commands[request["do"]](**request["with"])
    print(json.dumps(answer), file=answers, flush=True)
