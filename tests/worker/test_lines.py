from hypothesis import given
from hypothesis import strategies as st

from pgplay.worker.protocol.lines import LineSplitter


@given(st.lists(st.binary(min_size=1, max_size=30).filter(lambda line: b"\n" not in line and line.strip())), st.data())
def test_lines_arrive_whole_however_the_bytes_are_split(lines, data):
    stream = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    splitter, found, start = LineSplitter(), [], 0
    for end in [*cuts, len(stream)]:
        found += splitter.feed(stream[start:end])
        start = end
    assert found == lines
    assert splitter.rest() == b""


def test_a_line_above_the_limit_is_cut_and_the_next_one_is_whole():
    splitter = LineSplitter(limit=1000)
    found = [line for _ in range(5) for line in splitter.feed(b"x" * 900)]
    found += splitter.feed(b"x\nnext\n")
    assert found == [b"x" * 200 + "…".encode(), b"next"]


def test_a_line_at_the_limit_is_whole():
    assert LineSplitter(limit=1000).feed(b"x" * 1000 + b"\n") == [b"x" * 1000]


def test_a_line_too_long_in_one_piece_is_cut():
    assert LineSplitter(limit=1000).feed(b"x" * 1001 + b"\n") == [b"x" * 200 + "…".encode()]
