"""The peer: scikit-learn. Arguments: the placement table, the folds (a line for each repeat: the fold of every row), a seed.

Prints the mean accuracy of a random forest and of a logistic regression over all folds of all repeats."""

import csv
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

path, folds, seed = sys.argv[1:]
rows, target = [], []
with open(path) as file:
    for row in csv.DictReader(file):
        target.append(row.pop("status") == "Placed")
        del row["sl_no"], row["salary"]
        rows.append({name: float(value) if name.endswith("_p") else value for name, value in row.items()})
target = np.array(target)
with open(folds) as file:
    repeats = [np.array([int(fold) for fold in line.split()]) for line in file]


def accuracy(model):
    right = []
    for fold_of in repeats:
        for fold in range(fold_of.max() + 1):
            others, own = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            vectorizer = DictVectorizer(sparse=False)
            model.fit(vectorizer.fit_transform([rows[row] for row in others]), target[others])
            right.append(np.mean(model.predict(vectorizer.transform([rows[row] for row in own])) == target[own]))
    return np.mean(right)


print(accuracy(RandomForestClassifier(100, random_state=int(seed))))
print(accuracy(LogisticRegression(max_iter=10000)))
