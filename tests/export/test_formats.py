import csv
import io
import json

from pgplay.export.formats import ExportedRow, rows_to_csv, rows_to_jsonl

ROWS: list[ExportedRow] = [(1, {"entropy": 0.1}, None), (2, {"entropy": 0.3, "measure:a, b": 1 / 3}, "0a" * 32)]


def test_csv_has_a_column_for_every_metric_and_exact_numbers() -> None:
    read = list(csv.DictReader(io.StringIO(b"".join(rows_to_csv(["entropy", "measure:a, b"], ROWS)).decode())))
    assert read[0] == {"step": "1", "entropy": "0.1", "measure:a, b": "", "reward_hash": ""}
    assert read[1]["reward_hash"] == "0a" * 32
    assert float(read[1]["measure:a, b"]) == 1 / 3


def test_json_lines_have_one_step_each() -> None:
    assert [json.loads(line) for line in b"".join(rows_to_jsonl(iter(ROWS))).splitlines()] == [
        {"step": 1, "entropy": 0.1},
        {"step": 2, "entropy": 0.3, "measure:a, b": 1 / 3, "reward_hash": "0a" * 32},
    ]


def test_no_rows_give_only_a_header() -> None:
    assert b"".join(rows_to_csv([], [])) == b"step,reward_hash\n"
    assert b"".join(rows_to_jsonl([])) == b""
