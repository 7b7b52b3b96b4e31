"""Scores an exported model by mteb's own task classes over local files, and reads what Tandem wrote by mteb.

usage: python score.py MODEL STS RETRIEVAL RESULTS

MODEL: the exported folder. STS: a folder with test.tsv (sentence1, sentence2, score). RETRIEVAL: a BEIR folder with
qrels/test.tsv. RESULTS: <task>.json as Tandem wrote them. Prints one JSON object: `mteb`, the scores by task; `read`,
those that mteb reads from Tandem's files, with its own mean as `main`; `card`, those that huggingface_hub reads from
the model card, by data set and metric.
"""

import csv
import json
import math
import sys
from pathlib import Path

import mteb
from datasets import Dataset, DatasetDict
from huggingface_hub import ModelCard
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.sts import AbsTaskSTS
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
from mteb.results import TaskResult
from sentence_transformers import SentenceTransformer


# What mteb calls the prompts that Tandem exports.
PROMPTS = {"query": "query", "document": "document", "STS": "sts"}


def metadata(name, kind, main):
    return TaskMetadata(
        name=name,
        description="Local files.",
        type=kind,
        category="t2t",
        modalities=["text"],
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score=main,
        dataset={"path": f"local/{name}", "revision": "local"},
    )


def sts_task(folder):
    with open(folder / "test.tsv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    class LocalSTS(AbsTaskSTS):
        metadata = globals()["metadata"](folder.name, "STS", "cosine_spearman")
        min_score, max_score = 0, 5

        def load_data(self, *_, **__):
            columns = {name: [row[name] for row in rows] for name in ("sentence1", "sentence2")}
            columns["score"] = [float(row["score"]) for row in rows]
            self.dataset = DatasetDict({"test": Dataset.from_dict(columns)})
            self.data_loaded = True

    return LocalSTS()


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def retrieval_task(folder):
    relevant = {}
    with open(folder / "qrels" / "test.tsv", encoding="utf-8") as file:
        for query, document, score in list(csv.reader(file, delimiter="\t"))[1:]:
            relevant.setdefault(query, {})[document] = int(score)
    documents, questions = lines(folder / "corpus.jsonl"), lines(folder / "queries.jsonl")
    corpus = [{"id": row["_id"], "title": row.get("title", ""), "text": row["text"]} for row in documents]
    queries = [{"id": row["_id"], "text": row["text"]} for row in questions if row["_id"] in relevant]

    class LocalRetrieval(AbsTaskRetrieval):
        metadata = globals()["metadata"](folder.name, "Retrieval", "ndcg_at_10")

        def load_data(self, *_, **__):
            split = {
                "corpus": Dataset.from_list(corpus),
                "queries": Dataset.from_list(queries),
                "relevant_docs": relevant,
                "top_ranked": None,
            }
            self.dataset = {"default": {"test": split}}
            self.data_loaded = True

    return LocalRetrieval()


def defined(scores):
    """Scores that are numbers: mteb has NaN for its areas under a curve of nothing."""
    return {name: value for name, value in scores.items() if isinstance(value, float) and math.isfinite(value)}


def main(model, sts, retrieval, results):
    encoder = SentenceTransformer(str(model), device="cpu")
    prompts = {theirs: encoder.prompts[own] for theirs, own in PROMPTS.items()}
    wrapped = SentenceTransformerEncoderWrapper(encoder, model_prompts=prompts)
    tasks = [sts_task(sts), retrieval_task(retrieval)]
    found = mteb.evaluate(wrapped, tasks, cache=None, co2_tracker=False, overwrite_strategy="always")
    scored = {result.task_name: defined(result.scores["test"][0]) for result in found.task_results}
    files = [TaskResult.from_disk(path) for path in sorted(results.glob("*.json"))]
    card = ModelCard.load(model / "README.md", ignore_metadata_errors=False).data
    print(
        json.dumps(
            {
                "version": mteb.__version__,
                "mteb": scored,
                "read": {file.task_name: {**file.scores["test"][0], "main": file.get_score()} for file in files},
                "card": {f"{row.dataset_name} {row.metric_type}": row.metric_value for row in card.eval_results},
            },
            default=float,
            allow_nan=False,
        )
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
