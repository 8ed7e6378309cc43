"""The peer: Flask and scikit-learn behind gunicorn with two workers. Arguments: the placement table, the kind of worker.

Says its URL in its first line, and ends when its standard input does."""

import csv
import os
import signal
import sys
import threading

import gunicorn.app.base
from flask import Flask, request
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer

path, worker_class = sys.argv[1:]
rows, target = [], []
with open(path) as file:
    for row in csv.DictReader(file):
        target.append(row.pop("status") == "Placed")
        del row["sl_no"], row["salary"]
        rows.append({name.lower(): float(value) if name.endswith("_p") else value for name, value in row.items()})
vectorizer = DictVectorizer(sparse=False)
model = RandomForestClassifier(100, random_state=1).fit(vectorizer.fit_transform(rows), target)

application = Flask(__name__)


@application.post("/predict")
def predict():
    probability = model.predict_proba(vectorizer.transform(request.get_json()))[0, 1]
    return {"Placement_Probability": float(probability), "Placement": bool(probability > 0.5)}


def say_url(arbiter):
    print("http://%s:%d" % arbiter.LISTENERS[0].sock.getsockname(), flush=True)


class Peer(gunicorn.app.base.BaseApplication):
    def load_config(self):
        settings = {"bind": "127.0.0.1:0", "workers": 2, "worker_class": worker_class, "threads": 4, "loglevel": "error"}
        if worker_class == "sync":
            del settings["threads"]
        for name, value in settings.items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", say_url)

    def load(self):
        return application


def end_with_the_input():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=end_with_the_input, daemon=True).start()
Peer().run()
