#!/usr/bin/python3
"""readme.py README.md: runs the blocks of the README in Python, and compares."""
import io
import re
import sys

import psycopg

connection = psycopg.connect()
blocks = re.findall(r'^```python\n(.*?)^```$', open(sys.argv[1], encoding='utf-8').read(), re.M | re.S)
assert len(blocks) == 1, f'{len(blocks)} blocks, this script knows one'
out = io.StringIO()
exec(blocks[0], {'connection': connection, 'out': out})
expected = [row[0] for row in connection.execute('select row_to_json(u)::text from users u')]
assert sorted(out.getvalue().splitlines()) == sorted(expected), 'the export differs'
