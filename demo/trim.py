"""Trims the film database of PyPI's bokeh-sampledata to the catalogue beside this file.

    python3 demo/trim.py movies.db > demo/films.csv

README.md says where `movies.db` comes from. The standard library suffices, and the same database always gives the same bytes.
"""

import csv
import re
import sqlite3
import sys

# A film is well known when this many critics' reviews were counted for it. Reviews are counted on the web, so older films have fewer.
LEAST_REVIEWS = [(2000, 140), (1980, 55), (0, 32)]

# Wikipedia's way to tell films of one name apart; the year does that here.
DISAMBIGUATION = re.compile(r" \((\d{4} )?film\)$")

# Review counts and scores that belong to another film of the same name (seen in the snapshot of 2026-10-18).
MISTAKEN = {"tt0120004": "The Relic, 1997", "tt0449487": "Passengers, 2008"}

CLEAN_TITLE = re.compile(r"[^\W_][^\n\"_]*|[(¡¿.].*")

HEADER = ["id", "title", "year", "genres", "directors", "countries", "minutes", "imdb_id", "review_count", "review_percent", "oscars"]

QUERY = """
    select o.ID, o.Title, o.Year, o.Genre, o.Director, o.Country, o.Runtime, o.imdbID, t.Reviews, t.Meter, o.Oscars
    from omdb o join tomatoes t on t.ID = o.ID
"""


def well_known(year, review_count):
    return next(least for since, least in LEAST_REVIEWS if since <= year) <= review_count


def listed(names):
    """The names of a comma-separated list, joined by `|`, in the order of the source and each once."""
    return "|".join(dict.fromkeys(name.strip() for name in (names or "").split(",") if name.strip()))


def main(path):
    database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    films, best = [], {}
    for film_id, title, year, genres, directors, countries, minutes, imdb_id, reviews, percent, oscars in database.execute(QUERY):
        title = DISAMBIGUATION.sub("", (title or "").strip())
        genres, directors = listed(genres), listed(directors)
        if not (year and genres and directors and reviews and percent is not None and CLEAN_TITLE.fullmatch(title)):
            continue
        if not (well_known(year, reviews) and re.fullmatch(r"tt\d{7,8}", imdb_id)) or imdb_id in MISTAKEN:
            continue
        row = [film_id, title, year, genres, directors, listed(countries), int(minutes) if minutes else "", imdb_id, reviews, percent, oscars]
        films.append(row)
        # Of films that share a name and a year, or an IMDb id, the best known stays.
        for key in ((title.casefold(), year), imdb_id):
            best[key] = max(best.get(key, (0, 0)), (reviews, film_id))
    films = [row for row in films if all(best[key] == (row[8], row[0]) for key in ((row[1].casefold(), row[2]), row[7]))]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(sorted(films))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    main(sys.argv[1])
