"""The peer: scikit-learn. Arguments: a file with the text of an item a line, where the nearest of each go, how many dimensions (0: terms alone), how many are nearest."""

import sys

from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

texts, output, dimensions, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with open(texts, encoding="utf-8", newline="\n") as file:
    lines = file.read().split("\n")[:-1]
vectors = TfidfVectorizer(strip_accents="unicode").fit_transform(lines)
if dimensions:
    vectors = normalize(TruncatedSVD(dimensions, random_state=1).fit_transform(vectors))
nearest = NearestNeighbors(n_neighbors=count + 1, metric="cosine").fit(vectors).kneighbors(vectors, return_distance=False)
with open(output, "w") as file:
    for item, others in enumerate(nearest):
        print(*[other for other in others if other != item][:count], file=file)
