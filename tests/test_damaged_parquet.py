"""Damaged descriptions of Parquet files end in a sentence, never in the end of the process."""

import subprocess
import sys

EVERY_BYTE = """
import io, sys
import pyarrow as pa, pyarrow.parquet as pq
import twlab as tw
from twlab.loading.tabular import parquet_table

file = io.BytesIO()
vectors = pa.array([[0.5, 0.25], [0.5, 1.0]], pa.list_(pa.float32()))
table = pa.table({"nested": [[[[1.0]]], [[[2.0], []]]], "embedding": vectors})
pq.write_table(table, file, store_schema=False, compression="none")
whole = file.getvalue()
size = int.from_bytes(whole[-8:-4], "little")
for place in range(len(whole) - 8 - size, len(whole) - 8):
    damaged = bytearray(whole)
    damaged[place] ^= 2
    try:
        parquet_table(io.BytesIO(damaged), "damaged", sys.maxsize)
    except tw.LoadError:
        pass
print("alive")
"""


def test_no_damaged_description_ends_the_process():
    done = subprocess.run(
        [sys.executable, "-c", EVERY_BYTE], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stdout == "alive\n", done.stderr[-500:]
