"""
Computes dateutil.json: of which texts Python's dateutil makes a moment, and of which it does not.

    python3 -m venv /tmp/dateutil
    /tmp/dateutil/bin/pip install python-dateutil==4.0.0
    /tmp/dateutil/bin/python make-dateutil.py    # writes dateutil.json beside this file; twice gives the same bytes

What a text leaves out is taken from January 1, 2000, so that the day of the computation does not matter. Texts are made
of pieces that mean something to the parser, alone, in pairs and in longer runs, and of dates written in many formats, also
with one character changed.
"""

import datetime
import json
import pathlib
import random
import warnings

warnings.simplefilter("ignore")

import dateutil
from dateutil.parser import parse

random.seed(7)
DEFAULT = datetime.datetime(2000, 1, 1)
PIECES = """
2024 24 1 12 31 32 99 0 00 1999 0099 13 5 10 20240131 101112 1011 10.5 1,5 2024.5 123456 20240131T101112Z 12345678901234
99999 100 101 Jan february Sept Jan. Mon tuesday am pm a p AM a.m. z Z UTC GMT EST Est T t of and at th st h m s hours min
minutes second 12h 5m 30s 3h5 T10 + - / . , : ; ' ( ) # é x inf nan .5 1. 0300 03:00 +01:00 -0500 (EST) 10:20 10:20:30
10:20:30.123 10:61 25:00 2024-02-30 2024-02-29 1/2/3 10.20.30 2.Jan Jan.2
""".split() + [" ", "  ", "", "\t", "Jan of 24", "12 h", " (CEST)", "99999999999999999999", "99.99.99", "２０２４"]
FORMATS = """%Y-%m-%d|%d.%m.%Y|%m/%d/%y|%b %d, %Y|%d %B %Y|%a, %d %b %Y %H:%M:%S +0000|%Y-%m-%dT%H:%M:%SZ|%I:%M %p|%A|%B %Y
%Y-%m-%dT%H:%M:%S.%f+02:00|%d-%b-%y|%Y%m%d|%Y%m%dT%H%M%S|%H%M%S|%c|%x|%X|%Y-%j|%y%m%d|%d/%m/%Y %H:%M|%Hh%Mm%Ss|%B of %Y
""".replace("\n", "|").strip("|").split("|")


def parses(text):
    try:
        parse(text, default=DEFAULT)
        return True
    except Exception:  # ParserError, OverflowError, and decimal's own
        return False


def texts():
    yield from PIECES
    for _ in range(900):
        yield random.choice(["", " "]).join(random.choices(PIECES, k=2))
    for _ in range(60_000):
        yield random.choice(["", " "]).join(random.choices(PIECES, k=random.randint(3, 7)))
    for _ in range(600):
        numbers = [(1, 9999), (1, 12), (1, 28), (0, 23), (0, 59), (0, 59)]
        text = datetime.datetime(*(random.randint(*bounds) for bounds in numbers)).strftime(random.choice(FORMATS))
        yield text
        at = random.randrange(len(text))
        yield text[:at] + random.choice("0159:-/. TZa") + text[at + 1 :]


verdicts = {text: parses(text) for text in texts() if "２" not in text or len(text) == 4}
good = [text for text, verdict in verdicts.items() if verdict]
bad = [text for text, verdict in verdicts.items() if not verdict]
document = {
    "dateutil": dateutil.__version__,
    "parseable": random.sample(good, 1000),
    "not": [text for text in PIECES if text in bad] + random.sample(bad, 1000),
}
target = pathlib.Path(__file__).with_name("dateutil.json")
target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
print(f"{len(document['parseable'])} texts that parse, {len(document['not'])} that do not")
