#!/usr/bin/python3
"""check.py NAME URL PGID: asks a server of the cookbook, and compares with what plain SQL answers.

PGHOST and so on name the database, by the direct way.  PGID is the process group of the server.
EXPORT_MD5 is the checksum of the export of kind0.
Prints a line for each check.
"""
import glob
import hashlib
import http.client
import json
import os
import sys
import threading
import time
import traceback
import urllib.parse

import psycopg

NAME, URL, PGID = sys.argv[1], sys.argv[2], int(sys.argv[3])
HOST = urllib.parse.urlsplit(URL).netloc
database = psycopg.connect(autocommit=True)
failed = False


def sql(statement, *parameters):
    return database.execute(statement, parameters).fetchone()[0]


def rows(statement, *parameters):
    return [row[0] for row in database.execute(statement, parameters)]


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.type = response.getheader('Content-Type', '')
        self.body = response.read()

    @property
    def json(self):
        assert 'application/json' in self.type, f'the type is {self.type}'
        return json.loads(self.body)


def connect():
    return http.client.HTTPConnection(HOST, timeout=60)


def ask(method, path, body=None, headers=None, connection=None):
    own = connection or connect()
    headers = dict(headers or {})
    if body is not None:
        headers['Content-Type'] = 'application/json'
    own.request(method, path, None if body is None else json.dumps(body), headers)
    answer = Answer(own.getresponse())
    if connection is None:
        own.close()
    return answer


def get(path, **query):
    headers = query.pop('headers', None)
    # of three characters each, a thousand conditions fit into the longest line that gunicorn takes
    return ask('GET', path + ('?' + urllib.parse.urlencode(query, safe='{},') if query else ''), headers=headers)


def same(got, expected, what=''):
    assert got == expected, f'{what} got {str(got)[:600]!r}\nexpected {str(expected)[:600]!r}'


def wait_until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f'timed out waiting until {what}'
        time.sleep(0.05)


# What runs in the database besides these checks.
def busy():
    return sql("select count(*) from pg_stat_activity where datname = current_database() "
               "and pid <> pg_backend_pid() and backend_type = 'client backend' "
               "and (state <> 'idle' or wait_event = 'ClientWrite')")


def hits(relation):
    return sql('select coalesce(sum(hits), 0)::int from hotpath.cache_stats where relation = %s::regclass',
               relation)


def one_row():
    for key in (1, 42, 1000, 42):
        answer = get(f'/users/{key}')
        same(answer.status, 200)
        same(answer.body.decode(), sql('select row_to_json(u)::text from users u where id = %s', key))
        assert 'application/json' in answer.type, answer.type
    before = hits('users')
    get('/users/42')
    wait_until(lambda: hits('users') > before, 'the hit is counted')


def no_row():
    for path in ('/users/4711', '/users/-1', '/users/4711/orders', '/notes/4711'):
        same(get(path, headers={'X-Tenant': 'tenant1'}).status, 404, path)
    same(ask('PATCH', '/users/4711', {'plan': 'pro'}).status, 404)


def bad_key():
    for path in ('/users/x', '/users/99999999999999999999', '/users/1.5', '/users/x/orders', '/users?ids=1,x',
                 '/newest?users=1,x'):
        same(get(path).status, 400, path)
    assert get('/users/1').status == 200


def many_rows():
    for keys in ([3, 1, 2], [7], [5, 5, 4711, 5], list(range(300, 0, -1))):
        answer = get('/users', ids=','.join(map(str, keys)))
        same(answer.json, rows('select row_to_json(u) from unnest(%s::bigint[]) with ordinality k (id, n) '
                               'join users u using (id) order by n', keys))


def writes():
    new = {'email': 'new@example.org', 'name': 'Neu "O\'Hara" \\ 用户', 'plan': 'free'}
    same(get('/users/2001').status, 404)
    same(ask('PUT', '/users/2001', new).json, {'id': 2001, **new})
    same(get('/users/2001').json, {'id': 2001, **new})
    new['plan'] = 'pro'
    same(ask('PUT', '/users/2001', new).json, {'id': 2001, **new})
    same(get('/users', ids='2001').json, [{'id': 2001, **new}])
    for n in range(20):
        same(ask('PATCH', '/users/2001', {'plan': f'plan {n}'}).json['plan'], f'plan {n}')
        same(get('/users/2001').json['plan'], f'plan {n}')
    same(get('/users/2001').json, sql('select row_to_json(u) from users u where id = 2001'))
    database.execute("update users set plan = 'by SQL' where id = 2001")
    same(get('/users/2001').json['plan'], 'by SQL')
    database.execute('delete from users where id = 2001')
    same(get('/users/2001').status, 404)


# A reader never gets an older row than one whose write was answered before it asked.
def writes_beside_reads():
    written = 0
    done = threading.Event()
    problems = []
    reads = [0] * 3

    def reader(number):
        try:
            connection = connect()
            while not done.is_set():
                at_least = written
                plan = int(ask('GET', '/users/77', connection=connection).json['plan'])
                at_most = written + 1
                assert at_least <= plan <= at_most, f'read {plan} after {at_least} was written'
                reads[number] += 1
            connection.close()
        except Exception as error:
            problems.append(repr(error))

    ask('PATCH', '/users/77', {'plan': '0'})
    readers = [threading.Thread(target=reader, args=[number]) for number in range(len(reads))]
    for thread in readers:
        thread.start()
    connection = connect()
    try:
        for n in range(1, 151):
            same(ask('PATCH', '/users/77', {'plan': str(n)}, connection=connection).status, 200)
            written = n
            if n == 100:
                wait_until(lambda: min(reads) > 0 or problems, 'every reader has read')
    finally:
        done.set()
        for thread in readers:
            thread.join()
        connection.close()
    same(problems, [])


def page():
    events = sql("select json_agg(row_to_json(e) order by created_at desc, id desc) from "
                 "(select * from events order by created_at desc, id desc limit 60) e")
    answer = get('/events')
    same(answer.json['items'], events[:20])
    after, seen = None, []
    for n in (7, 1, 20, 13):
        query = {'first': n} if after is None else {'first': n, 'after': after}
        page = get('/events', **query).json
        seen += page['items']
        after = page['page_info']['end_cursor']
        same(page['page_info']['has_next_page'], True)
    same(seen, events[:41])


def filtered_page():
    where = {'kind': 'kind1', 'id': {'$lt': 500}}
    expected = rows("select row_to_json(e) from events e where kind = 'kind1' and id < 500 "
                    "order by created_at desc, id desc")
    first = get('/events', first=30, filter=json.dumps(where)).json
    rest = get('/events', first=30, filter=json.dumps(where), after=first['page_info']['end_cursor']).json
    same(first['items'] + rest['items'], expected)
    same(rest['page_info']['has_next_page'], False)


def bad_page():
    cursor = sql("select hotpath.cursor_at('events', 'created_at desc, id desc', 20)")
    other = sql("select hotpath.cursor_at('events', 'id', 20)")
    cases = [('HP001', {'after': 'no cursor'}), ('HP002', {'after': other}),
             ('HP002', {'after': cursor, 'filter': '{"kind": "kind1"}'}),
             ('42703', {'filter': '{"nonsense": 1}'}), ('22P02', {'filter': '{"kind": '}),
             ('22P02', {'filter': '{"id": "x"}'}), ('22023', {'first': -1}), ('22P02', {'first': 'x'}),
             ('42883', {'filter': '{"note": {"$contains": "x"}}'}),
             ('54000', {'filter': '{"$or": [%s]}' % ','.join(['{}'] * 1001)}),
             ('54001', {'filter': '{"$not": ' * 33 + '{}' + '}' * 33})]
    for code, query in cases:
        answer = get('/events', **query)
        same((answer.status, answer.json['code']), (400, code), str(query)[:200])
    assert get('/events', after=cursor).status == 200


# HP003 and HP004, with cursors that are signed and expire.
def signed_cursors():
    def configure(*settings):
        for setting in settings:
            database.execute(f'alter system {setting}')
        database.execute('select pg_reload_conf()')

    try:
        configure("set pg_hotpath.cursor_secret = 'of this run'")
        wait_until(lambda: get('/events', after=get('/events', first=1).json['page_info']['end_cursor'][:-4] + 'AAAA')
                   .json.get('code') == 'HP004', 'a forged cursor is refused')
        cursor = get('/events', first=1).json['page_info']['end_cursor']
        same(get('/events', after=cursor).status, 200)
        configure('set pg_hotpath.cursor_ttl = 1')
        cursor = get('/events', first=1).json['page_info']['end_cursor']
        wait_until(lambda: get('/events', after=cursor).json.get('code') == 'HP003', 'the cursor has expired')
        same(get('/events', after=cursor).status, 400)
    finally:
        configure('reset pg_hotpath.cursor_secret', 'reset pg_hotpath.cursor_ttl')
    wait_until(lambda: get('/events', first=1, after=sql(
        "select hotpath.cursor_at('events', 'created_at desc, id desc', 20)")).status == 200,
        'cursors are plain again')


def tree():
    for key in (1, 2, 200, 201):
        expected = sql('''
            select to_json(x) from (select u.*, coalesce((select json_agg(o) from (
                select o.*, coalesce((select json_agg(i) from (
                    select i.*, (select row_to_json(p) from products p where p.id = i.product_id) as product
                        from items i where i.order_id = o.id order by line) i), '[]') as items
                from orders o where o.user_id = u.id order by placed_at desc) o), '[]') as orders
            from users u where id = %s) x''', key)
        same(get(f'/users/{key}/orders').json, expected, f'user {key}')


def batch():
    keys = [3, 1, 201, 2, 117]
    newest = [rows('select row_to_json(o) from orders o where user_id = %s order by placed_at desc limit 3', key)
              for key in keys]
    same([len(orders) for orders in newest], [3, 3, 0, 3, 3])
    same(get('/newest', users=','.join(map(str, keys))).json, newest)


def tenants():
    def note(key, tenant):
        return get(f'/notes/{key}', headers={'X-Tenant': tenant})

    for _ in range(3):
        for key in range(1, 9):
            own, other = f'tenant{key % 2}', f'tenant{1 - key % 2}'
            same(note(key, own).json, {'id': key, 'tenant': own, 'body': f'Note {key}'})
            same(note(key, other).status, 404, f'note {key} as {other}')
    same(get('/notes/1').status, 404, 'without a tenant')
    same(note('x', 'tenant1').status, 400)
    same(note(1, 'tenant1').status, 200, 'after an error')
    same(ask('PATCH', '/users/1', {'plan': 'pro'}).status, 200, 'the role has not leaked: ')


# The most memory that the processes of the server had at once, in kB, each by itself.
def peak_memory():
    total = 0
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            with open(path) as stat:
                group = int(stat.read().rsplit(')', 1)[1].split()[2])
            if group != PGID:
                continue
            with open(path[:-4] + 'status') as status:
                total += sum(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))
        except (FileNotFoundError, ProcessLookupError):
            pass
    assert total > 0, 'the server has no process'
    return total


def export():
    get('/events.ndjson', kind='kind1')
    before = peak_memory()
    connection = connect()
    connection.request('GET', '/events.ndjson?kind=kind0')
    response = connection.getresponse()
    same(response.status, 200)
    assert 'ndjson' in response.getheader('Content-Type'), response.getheader('Content-Type')
    # nobody has asked for the rest: a server that streams waits, and so does its query
    checksum, size = hashlib.md5(), 0
    part = response.read(65536)
    time.sleep(0.5)
    running = busy()
    while part:
        checksum.update(part)
        size += len(part)
        part = response.read(65536)
    connection.close()
    same(checksum.hexdigest(), os.environ['EXPORT_MD5'])
    same(running, 1, 'queries that run while the client does not read')
    grown = (peak_memory() - before) * 1024
    assert size > 50_000_000, f'the export has only {size} bytes'
    print(f'# {NAME}: an export of {size >> 20} MB, for which the server has grown by {grown >> 20} MB')
    # Ruby collects its garbage late; one that kept it all would grow by more than its size
    assert grown < size * (0.8 if NAME.startswith('rails') else 0.5), f'the server has grown by {grown} bytes for an export of {size}'
    same(get('/events.ndjson', kind='none').body, b'')


# The first part of an export that is much larger than all buffers on its way.
def begin_export():
    connection = connect()
    connection.request('GET', '/events.ndjson?kind=kind0')
    response = connection.getresponse()
    response.read(65536)
    return connection, response


def broken_export():
    connection, response = begin_export()
    same(sql("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() "
             "and pid <> pg_backend_pid() and (state <> 'idle' or wait_event = 'ClientWrite')"), 1)
    try:
        while response.read(65536):
            pass
        ended = 'the body ended as if it were complete'
    except (http.client.IncompleteRead, ConnectionError):
        ended = 'cut off'
    connection.close()
    same(ended, 'cut off')
    same(get('/users/1').status, 200, 'the next request')


def abandoned_export():
    connection, response = begin_export()
    same(busy(), 1)
    response.close()
    connection.close()
    wait_until(lambda: busy() == 0, 'the query of a client who went away has ended')
    same(get('/users/1').status, 200, 'the next request')


for check in (one_row, no_row, bad_key, many_rows, writes, writes_beside_reads, page, filtered_page, bad_page,
              signed_cursors, tree, batch, tenants, export, broken_export, abandoned_export):
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
