"""The service that every tutorial ends with: Flask, jieba, TF-IDF, logistic regression; nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jieba
import joblib
from flask import Flask, Response, jsonify, request
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

__all__ = ["create_app", "train"]


def cut(text: str) -> list[str]:
    """Return the words; jieba's own method can't be pickled."""
    words: list[str] = jieba.lcut(text)
    return words


def train(texts: Sequence[str], labels: Sequence[str], target: Path) -> None:
    """Fit the pipeline and write it to a file."""
    words = TfidfVectorizer(tokenizer=cut, token_pattern=None)
    pipeline = make_pipeline(words, LogisticRegression(max_iter=1000)).fit(texts, labels)
    joblib.dump(pipeline, target)


def create_app(model: str) -> Flask:
    """Make the application; `model` is the file that `train` wrote."""
    pipeline = joblib.load(model)
    jieba.initialize()
    app = Flask(__name__)

    @app.get("/readyz")
    def ready() -> Response:
        return jsonify({"status": "ok"})

    @app.post("/predict")
    def predict() -> Response:
        case = request.get_json()
        (probabilities,) = pipeline.predict_proba([f"{case['title']}\n{case['body']}"])
        best = probabilities.argmax()
        return jsonify({"section": str(pipeline.classes_[best]), "probability": float(probabilities[best])})

    return app
