// The ways to answer with one row as JSON text, and to change that row: read(client, id) and write(client, id),
// each with a table of its own. A write returns the row's new quantity, which only ever grows.
'use strict'

const { statement } = require('./common')

const TTL = 300

const update = (table) => statement('update_' + table,
  `update peer.${table} set quantity = quantity + 1 where id = $1 returning quantity`)
const select = (table) => statement('select_' + table,
  `select row_to_json(t) as body from peer.${table} t where id = $1`)

const body = (result) => result.rows.length ? result.rows[0].body : null
const quantity = (result) => result.rows[0].quantity
const redisKey = (id) => 'aside:' + id

function makeWays (redis) {
  const [selectPlain, selectAside] = [select('plain'), select('aside')]
  const [updatePlain, updateAside, updateCached] = [update('plain'), update('aside'), update('cached')]
  const selectRow = statement('select_row', 'select * from peer.plain where id = $1')
  const getJson = statement('get_json', "select hotpath.get_json('peer.cached', $1) as body")

  return {
    plain: {
      table: 'plain',
      read: async (client, id) => body(await selectPlain(client, id)),
      write: async (client, id) => quantity(await updatePlain(client, id))
    },
    rows: {
      table: 'plain',
      read: async (client, id) => JSON.stringify((await selectRow(client, id)).rows[0]),
      write: async (client, id) => quantity(await updatePlain(client, id))
    },
    aside: {
      table: 'aside',
      read: async (client, id) => {
        const hit = await redis.get(redisKey(id))
        if (hit !== null) return hit
        const text = body(await selectAside(client, id))
        await redis.set(redisKey(id), text, { EX: TTL })
        return text
      },
      write: async (client, id) => {
        const after = quantity(await updateAside(client, id))     // committed when it returns
        await redis.del(redisKey(id))
        return after
      }
    },
    cached: {
      table: 'cached',
      read: async (client, id) => body(await getJson(client, id)),
      write: async (client, id) => quantity(await updateCached(client, id))
    }
  }
}

// The row's quantity, from its JSON text.
function quantityOf (text) {
  const found = /"quantity":(\d+)/.exec(text)
  if (!found) throw new Error('this is no row: ' + text)
  return Number(found[1])
}

// How many of the rows 1 .. n have an entry that differs from the table, now that nobody writes.
async function staleInRedis (client, redis, n) {
  const { rows } = await client.query('select id::text, row_to_json(t) as body from peer.aside t where id <= $1', [n])
  const entries = await redis.mGet(rows.map((row) => redisKey(row.id)))
  return rows.filter((row, i) => entries[i] !== null && entries[i] !== row.body).length
}

async function staleInCache (client, n) {
  const { rows } = await client.query(`select count(*)::int as n from peer.cached t
    where id <= $1 and hotpath.get_json('peer.cached', id)::text is distinct from row_to_json(t)::text`, [n])
  return rows[0].n
}

module.exports = { makeWays, quantityOf, staleInRedis, staleInCache, redisKey, TTL }
