// A reader and a writer of one row, their steps in the order in which they hurt, for each of RACES rows: no luck is
// needed. Prints "race NAME ROWS STALE-ENTRIES", counted when everybody is done. pgmemcache only if MEMCACHED is set.
'use strict'

const { connectPostgres, connectRedis, report, run } = require('./common')
const { makeWays, staleInRedis, staleInCache, redisKey, TTL } = require('./ways')

const RACES = 100

// The reader misses and reads the table; the writer commits and deletes the key; the reader fills.
async function raceRedis (reader, writer, redis) {
  const { aside } = makeWays(redis)
  for (let id = 1; id <= RACES; id++) {
    await redis.del(redisKey(id))
    if (await redis.get(redisKey(id)) !== null) throw new Error('no miss')
    const { rows } = await reader.query('select row_to_json(t) as body from peer.aside t where id = $1', [id])
    await aside.write(writer, id)
    await redis.set(redisKey(id), rows[0].body, { EX: TTL })
  }
  report('race', 'redis', RACES, await staleInRedis(reader, redis, RACES))
}

// The same with the cache in the server: there the reader's look and fill are one statement, so the writer comes between its
// snapshot and that statement.
async function raceCacheSnapshot (reader, writer) {
  const { cached } = makeWays(null)
  for (let id = 1; id <= RACES; id++) {
    await reader.query("select hotpath.evict('peer.cached', $1)", [id])
    await reader.query('begin isolation level repeatable read')
    const { rows } = await reader.query('select row_to_json(t) as body from peer.cached t where id = $1', [id])
    await cached.write(writer, id)
    if (await cached.read(reader, id) !== rows[0].body) throw new Error('the reader does not see its snapshot')
    await reader.query('commit')
  }
  report('race', 'cached_snapshot', RACES, await staleInCache(reader, RACES))
}

// The writer's trigger has run, its commit is to come; the reader misses, reads the table, fills; the writer commits.
async function raceUncommitted (reader, writer, table, read) {
  for (let id = 1; id <= RACES; id++) {
    await writer.query('begin')
    await writer.query(`update peer.${table} set quantity = quantity + 1 where id = $1`, [id])
    await read(reader, id)
    await writer.query('commit')
  }
}

async function raceMemcached (reader, writer) {
  await raceUncommitted(reader, writer, 'memcached', (client, id) => client.query('select peer.read_memcached($1)', [id]))
  const { rows } = await reader.query(`select count(*)::int as n from peer.memcached t
    where id <= $1 and memcache_get('peer:' || id) <> row_to_json(t)::text`, [RACES])
  report('race', 'memcached', RACES, rows[0].n)
}

run(async () => {
  const redis = await connectRedis()
  const [reader, writer] = await Promise.all([connectPostgres(), connectPostgres()])
  const { cached } = makeWays(null)
  await raceRedis(reader, writer, redis)
  await raceCacheSnapshot(reader, writer)
  await raceUncommitted(reader, writer, 'cached', cached.read)
  report('race', 'cached_uncommitted', RACES, await staleInCache(reader, RACES))
  if (process.env.MEMCACHED) await raceMemcached(reader, writer)
  await Promise.all([reader.end(), writer.end()])
  await redis.close()
})
