// Trees and pages as JSON, made in Node from rows, and in the server by one call. Each way's first result is compared with the
// others' before anything is measured. Prints "CASE ROUND BY-HAND IN-ONE-CALL" (per second).
'use strict'

const assert = require('assert')
const DataLoader = require('dataloader')
const { connectPostgres, statement, setting, now, report, run } = require('./common')

const ROUNDS = setting('ROUNDS', 6)
const SECONDS = setting('PEER_SECONDS', 1)
const USERS = setting('EAGER_USERS', 100000)
const ROOTS = 20
const PAGE = 50
const SPEC = { with: { orders: { order_by: 'placed_at desc', with: { items: {} } } } }
const ORDER = 'created_at desc, id desc'

const sql = {
  users: statement('users', 'select * from eager.users where id = any($1::bigint[])'),
  ordersOf: statement('orders_of', 'select * from eager.orders where user_id = $1 order by placed_at desc'),
  itemsOf: statement('items_of', 'select * from eager.items where order_id = $1'),
  orders: statement('orders', 'select * from eager.orders where user_id = any($1::bigint[]) order by placed_at desc'),
  items: statement('items', 'select * from eager.items where order_id = any($1::bigint[])'),
  embed: statement('embed', "select json from hotpath.embed('eager.users', $1::bigint[], $2) json"),
  pageHand: statement('page_hand', `select e.*, created_at::text as place, exists (select from bench.events x
    where (x.created_at, x.id) >= ($1::timestamptz, $2::bigint)) as has_previous_page from bench.events e
    where (created_at, id) < ($1::timestamptz, $2::bigint) order by created_at desc, id desc limit ${PAGE + 1}`),
  pageJson: statement('page_json', `select hotpath.page_json('bench.events', '${ORDER}', ${PAGE}, $1) as body`)
}

// One statement for the users, one for each user's orders, one for each order's items.
async function treeN1 (client, keys) {
  const users = inOrder(keys, (await sql.users(client, keys)).rows)
  for (const user of users) {
    user.orders = (await sql.ordersOf(client, user.id)).rows
    for (const order of user.orders) order.items = (await sql.itemsOf(client, order.id)).rows
  }
  return JSON.stringify(users)
}

// One statement for each level, as a GraphQL server batches; loaders live as long as a request does.
async function treeLoader (client, keys) {
  const grouped = (query, column) => new DataLoader(async (ids) => {
    const groups = new Map(ids.map((id) => [id, []]))
    for (const row of (await query(client, ids)).rows) groups.get(row[column]).push(row)
    return ids.map((id) => groups.get(id))
  })
  const [ordersOf, itemsOf] = [grouped(sql.orders, 'user_id'), grouped(sql.items, 'order_id')]
  const users = inOrder(keys, (await sql.users(client, keys)).rows)
  await Promise.all(users.map(async (user) => {
    user.orders = await ordersOf.load(user.id)
    await Promise.all(user.orders.map(async (order) => { order.items = await itemsOf.load(order.id) }))
  }))
  return JSON.stringify(users)
}

async function treeEmbed (client, keys) {
  const { rows } = await sql.embed(client, keys, JSON.stringify(SPEC))
  return '[' + rows.map((row) => row.json).join(',') + ']'
}

function inOrder (keys, rows) {
  const byId = new Map(rows.map((row) => [row.id, row]))
  return keys.map((key) => byId.get(String(key)))
}

// Keyset SQL with one row more than fits. The cursors of both ends are made from text, since a Date would lose microseconds.
async function pageHand (client, place) {
  const rows = (await sql.pageHand(client, place.at, place.id)).rows
  const hasNext = rows.length > PAGE
  if (hasNext) rows.pop()
  const hasPrevious = rows.length > 0 && rows[0].has_previous_page
  const cursor = (row) => row ? Buffer.from(JSON.stringify([row.place, row.id])).toString('base64url') : null
  const pageInfo = {
    start_cursor: cursor(rows[0]),
    end_cursor: cursor(rows[rows.length - 1]),
    has_previous_page: hasPrevious,
    has_next_page: hasNext
  }
  const items = rows.map(({ place, has_previous_page: _, ...row }) => row)
  return JSON.stringify({ items, page_info: pageInfo, total_count: null })
}

const pageJson = async (client, place) => (await sql.pageJson(client, place.cursor)).rows[0].body

// bigint and numeric are strings, and times Dates, in one of the two; to compare, all become numbers.
function alike (value) {
  if (Array.isArray(value)) return value.map(alike)
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, alike(inner)]))
  }
  if (typeof value !== 'string') return value
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value)
  return /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value
}

async function compareTrees (client) {
  const keys = someKeys()
  const [n1, loader, embed] = [await treeN1(client, keys), await treeLoader(client, keys), await treeEmbed(client, keys)]
    .map((text) => alike(JSON.parse(text)))
  assert.deepStrictEqual(n1, embed)
  assert.deepStrictEqual(loader, embed)
  assert.strictEqual(embed.length, ROOTS)
  assert.ok(embed[0].orders.length > 0 && embed[0].orders[0].items.length > 0)
}

async function comparePages (client, place) {
  const hand = JSON.parse(await pageHand(client, place))
  const ours = JSON.parse(await pageJson(client, place))
  assert.strictEqual(ours.items.length, PAGE)
  assert.deepStrictEqual(alike(hand.items), alike(ours.items))
  assert.ok(hand.page_info.start_cursor && ours.page_info.start_cursor)
  const flags = (page) => [page.page_info.has_previous_page, page.page_info.has_next_page]
  assert.deepStrictEqual(flags(hand), flags(ours))
}

function someKeys () {
  const first = Math.floor(Math.random() * USERS)
  return Array.from({ length: ROOTS }, (_, i) => 1 + (first + i * 97) % USERS)
}

async function middle (client) {
  const { rows } = await client.query(`select id, created_at::text as at, hotpath.cursor_at('bench.events', '${ORDER}', id) as cursor
    from bench.events order by ${ORDER} offset (select count(*) / 2 from bench.events) limit 1`)
  return rows[0]
}

// Both in turn, one after the other, until their time is over; rates per second.
async function inTurn (name, hand, ours) {
  for (let number = 1; number <= ROUNDS; number++) {
    const took = [0, 0]
    let times = 0
    for (; took[0] + took[1] < 2 * SECONDS; times++) {
      for (const side of (times % 2 ? [0, 1] : [1, 0])) {
        const began = now()
        await [hand, ours][side]()
        took[side] += now() - began
      }
    }
    report(name, number, times / took[0], times / took[1])
  }
}

run(async () => {
  const client = await connectPostgres()
  const place = await middle(client)
  await compareTrees(client)
  await comparePages(client, place)
  await inTurn('peer_tree_n1', () => treeN1(client, someKeys()), () => treeEmbed(client, someKeys()))
  await inTurn('peer_tree_loader', () => treeLoader(client, someKeys()), () => treeEmbed(client, someKeys()))
  await inTurn('peer_page', () => pageHand(client, place), () => pageJson(client, place))
  await client.end()
})
