"""The peer: bm25s, with what it does by default. Arguments: a file of documents, one of questions, how many hits are wanted, a folder for the index, where the hits go.

A document and a question are a line of terms each, separated by spaces. Prints the parameters and the bytes of the index; of each question goes out a line of the documents' numbers."""

import os
import sys

import bm25s

documents, questions, count, folder, output = sys.argv[1:]


def lines(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return [line.split() for line in file.read().split("\n")[:-1]]


documents = lines(documents)
index = bm25s.BM25()
index.index(documents, show_progress=False)
index.save(folder, show_progress=False)
print(index.method, index.k1, index.b, sum(entry.stat().st_size for entry in os.scandir(folder)))
with open(output, "w") as file:
    for question in lines(questions):
        found, scores = index.retrieve([question], k=min(int(count), len(documents)), show_progress=False)
        print(*[document for document, score in zip(found[0], scores[0]) if 0 < score], file=file)
