#!/usr/bin/python3
"""psycopg_check.py NAME: calls what the cookbook has for psycopg 3; PGHOST and so on say by which way.

The directory of shop.py is on PYTHONPATH.  Prints a line for each check.
"""
import hashlib
import json
import os
import sys
import tracemalloc
import traceback

import psycopg
import shop

NAME = sys.argv[1]
database = psycopg.connect(autocommit=True, prepare_threshold=None)
db = [shop.connect() for _ in range(3)]
failed = False


def rows(statement, *parameters):
    return [row[0] for row in database.execute(statement, parameters)]


def same(got, expected):
    assert got == expected, f'got {str(got)[:600]!r}\nexpected {str(expected)[:600]!r}'


def sqlstate(function, *arguments, **named):
    try:
        function(*arguments, **named)
    except psycopg.Error as error:
        return error.sqlstate
    return 'no error'


# Often enough for psycopg to prepare the statement, unless it is told not to
def one_row():
    for n in range(30):
        same(json.loads(shop.user(db[n % 3], 42)), rows('select row_to_json(u) from users u where id = 42')[0])
        same(shop.user(db[n % 3], str(n + 1)), rows('select row_to_json(u)::text from users u where id = %s', n + 1)[0])
    same(shop.user(db[0], 4711), None)
    same(sqlstate(shop.user, db[0], 'x'), '22P02')


def many_rows():
    for keys in ([3, 1, 2], ['3', '1', '2'], [5, 5, 4711, 5]):
        expected = database.execute('select u.* from unnest(%s::bigint[]) with ordinality k (id, n) '
                                    'join users u using (id) order by n', [keys]).fetchall()
        same(shop.users(db[1], keys), expected)


def writes():
    for n in range(10):
        new = {'id': 3001, 'email': 'psycopg@example.org', 'name': 'Ünal "x"', 'plan': f'plan {n}'}
        same(json.loads(shop.save_user(db[n % 3], **new)), new)
        for reader in db:
            same(json.loads(shop.user(reader, 3001)), new)
    db[2].execute('delete from users where id = 3001')
    same(shop.user(db[1], 3001), None)


def pages():
    where = {'kind': 'kind1', 'id': {'$lt': 5000}}
    same(list(shop.all_events(db[0], first=77, filter=json.dumps(where))),
         rows("select row_to_json(e) from events e where kind = 'kind1' and id < 5000 order by created_at desc, id desc"))
    same(sqlstate(shop.events, db[0], after='no cursor'), 'HP001')
    same(sqlstate(shop.events, db[0], filter='{"nonsense": 1}'), '42703')


def trees():
    found = shop.user_orders(db[0], [2, 4711, 1, 2])
    same([row and row['id'] for row in found], [2, None, 1, 2])
    same([order['id'] for order in found[2]['orders']],
         rows('select id from orders where user_id = 1 order by placed_at desc'))
    same(found[0]['orders'][0]['items'][0]['product'],
         rows('select row_to_json(p) from items i join products p on p.id = product_id where line = 1 and order_id = %s',
              found[0]['orders'][0]['id'])[0])


def export():
    tracemalloc.start()
    checksum, size = hashlib.md5(), 0
    for text in shop.export(db[0], 'select * from events where kind = $1 order by id', 'kind0'):
        checksum.update(text.encode())
        size += len(text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    same(checksum.hexdigest(), os.environ['EXPORT_MD5'])
    assert size > 40_000_000 and peak < 5_000_000, f'{peak} bytes at once for {size}'
    same(list(shop.export(db[1], 'select id, kind from events where id < $1', 3)),
         ['{"id":1,"kind":"kind0"}\n{"id":2,"kind":"kind0"}\n'])


def tenants():
    for n in range(1, 7):
        same(json.loads(shop.note(db[n % 3], f'tenant{n % 2}', n))['body'], f'Note {n}')
        same(shop.note(db[n % 3], f'tenant{1 - n % 2}', n), None)
    same({connection.execute('select current_user').fetchone()[0] for connection in db}, {'shop'})


for check in (one_row, many_rows, writes, pages, trees, export, tenants):
    title = check.__name__.replace('_', ' ')
    try:
        check()
        print(f'ok - {NAME}: {title}', flush=True)
    except Exception:
        failed = True
        print(f'not ok - {NAME}: {title}', flush=True)
        for line in traceback.format_exc().splitlines()[-12:]:
            print(f'#   {line}', flush=True)
sys.exit(failed)
