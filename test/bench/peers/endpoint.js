// The endpoint by each way, in turns of a fraction of a second. Prints, for each round and number of requests in flight,
// "reads|_writes IN-FLIGHT ROUND PLAIN ROWS ASIDE CACHED HITS OTHERS": answers per second, reads only or with some writes,
// and how many reads of the cached table were served by the cache, and were not.
'use strict'

const { connectPostgres, connectRedis, setting, now, report, run } = require('./common')
const { makeWays, quantityOf } = require('./ways')

const ROWS = setting('PEER_ROWS', 20000)
const ROUNDS = setting('ROUNDS', 6)
const SECONDS = setting('PEER_SECONDS', 1)          // of each way in a round
const TURN = 0.1
const IN_FLIGHT = [1, 8]
const WRITES = 0.2
const WAYS = ['plain', 'rows', 'aside', 'cached']

// Keeps a request in flight on each of these connections for some seconds.
async function serve (way, clients, seconds, writes, tally) {
  const began = now()
  await Promise.all(clients.map(async (client) => {
    while (now() < began + seconds) {
      const id = 1 + Math.floor(Math.random() * ROWS)
      if (Math.random() < writes) {
        await way.write(client, id)
      } else {
        quantityOf(await way.read(client, id))
      }
      tally.answers++
    }
  }))
  tally.seconds += now() - began
}

async function served (client) {
  const { rows } = await client.query(`select hits::int as hits, (misses + not_quiet + expired + bypass_own_write + bypass_serializable
    + bypass_rls + bypass_recovery + bypass_unsafe + bypass_too_large + bypass_disabled)::int as others
    from hotpath.cache_stats where relation = 'peer.cached'::regclass`)
  return rows[0]
}

async function round (ways, clients, writes, number) {
  const tallies = Object.fromEntries(WAYS.map((name) => [name, { answers: 0, seconds: 0 }]))
  const before = await served(clients[0])
  const order = number % 2 ? WAYS : [...WAYS].reverse()
  for (let done = 0; done < SECONDS; done += TURN) {
    for (const name of order) await serve(ways[name], clients, TURN, writes, tallies[name])
  }
  const after = await served(clients[0])
  report(writes ? '_writes' : 'reads', clients.length, number, ...WAYS.map((name) => tallies[name].answers / tallies[name].seconds),
    after.hits - before.hits, after.others - before.others)
}

run(async () => {
  const redis = await connectRedis()
  const clients = await Promise.all(Array.from({ length: Math.max(...IN_FLIGHT) }, connectPostgres))
  const ways = makeWays(redis)
  for (let id = 1; id <= ROWS; id++) {
    for (const name of ['aside', 'cached']) await ways[name].read(clients[0], id)
  }
  for (const writes of [0, WRITES]) {
    for (const inFlight of IN_FLIGHT) {
      for (let number = 1; number <= ROUNDS; number++) {
        if (writes) await clients[0].query('vacuum peer.plain, peer.aside, peer.cached')
        await round(ways, clients.slice(0, inFlight), writes, number)
      }
    }
  }
  await Promise.all(clients.map((client) => client.end()))
  await redis.close()
})
