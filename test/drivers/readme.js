// readme.js README.md: runs each block of the README in JavaScript, and compares.
// The tables are those of the README, as its SQL has left them.
const assert = require('node:assert/strict')
const fs = require('node:fs')
const DataLoader = require('dataloader')
const { Pool } = require('pg')
const Cursor = require('pg-cursor')

const pool = new Pool()
const plain = async (sql, ...parameters) => (await pool.query({ text: sql, values: parameters, rowMode: 'array' })).rows.map(row => row[0])
const AsyncFunction = (async () => {}).constructor
const run = (block, names, result) => new AsyncFunction(...Object.keys(names), `${block}\nreturn ${result}`)(...Object.values(names))

// What a block is recognised by, and what it must do.
const checks = [
  ['hotpath.get(', 'a row', async block => {
    for (const id of ['42', 42]) {
      assert.deepEqual(await run(block, { pool, id }, 'rows'), (await pool.query('select * from users where id = 42')).rows)
    }
  }],
  ['hotpath.page_json(', 'a page', async block => {
    let sent
    const response = { json: value => { sent = value } }
    const ask = query => run(block, { pool, response, req: { query }, request: { query } }, '0')
    await ask({})
    assert.deepEqual(sent.items.map(item => item.id), (await plain('select id from events order by created_at desc, id limit 20')).map(Number))
    const after = sent.page_info.end_cursor
    await ask({ after, first: '5' })
    assert.deepEqual(sent.items.map(item => item.id), (await plain('select id from events order by created_at desc, id limit 5 offset 20')).map(Number))
    await ask({ filter: '{"kind": "kind1"}' })
    assert.deepEqual([...new Set(sent.items.map(item => item.kind))], ['kind1'])
  }],
  ['new DataLoader(', 'a data loader', async block => {
    const spec = { with: { orders: { order_by: 'id' } } }
    const loader = await run(block, { pool, DataLoader, spec }, 'loader')
    const users = await Promise.all([3, 1, 4711000, 2].map(id => loader.load(id)))
    assert.deepEqual(users.map(user => user?.id), [3, 1, undefined, 2])
    assert.deepEqual(users[1].orders.map(order => order.id), (await plain('select id from orders where user_id = 1 order by id')).map(Number))
  }],
  ['new Cursor(', 'an export', async block => {
    const client = await pool.connect()
    let body = ''
    await run(block, { client, Cursor, response: { write: text => { body += text } } }, '0')
    client.release()
    const lines = body.split('\n')
    assert.equal(lines.pop(), '')
    assert.deepEqual(lines.sort(), (await plain('select row_to_json(u)::text from users u')).sort())
  }]
]

const main = async () => {
  const blocks = [...fs.readFileSync(process.argv[2], 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(match => match[1])
  for (const block of blocks) {
    const check = checks.find(([mark]) => block.includes(mark))
    try {
      assert.ok(check, `no check knows this block:\n${block}`)
      await check[2](block)
      console.log(`ok - README, JavaScript: ${check[1]}`)
    } catch (error) {
      console.log(`not ok - README, JavaScript: ${check?.[1] ?? 'an unknown block'}`)
      console.log(error.stack.replace(/^/gm, '#   '))
      process.exitCode = 1
    }
  }
  if (blocks.length < checks.length) {
    console.log(`not ok - README, JavaScript: ${blocks.length} blocks of ${checks.length} are there`)
    process.exitCode = 1
  }
  await pool.end()
}

main()
