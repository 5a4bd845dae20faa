# pg_hotpath on the official image:
#
#   docker build --tag pg_hotpath .                       # or --build-arg PG_MAJOR=15
#   docker run --env POSTGRES_PASSWORD=... pg_hotpath
#
# The library is preloaded, so the cache lies in the main shared memory segment and is no matter of --shm-size; on
# the command line, more settings go behind the image's name: postgres -c shared_preload_libraries=pg_hotpath -c ...
# A new database cluster gets the extension in POSTGRES_DB.
ARG PG_MAJOR=17

FROM postgres:${PG_MAJOR} AS build
COPY . /src
RUN sh /src/docker/build.sh /src /built

FROM postgres:${PG_MAJOR}
COPY --from=build /built/ /
# The libraries that it needs are those of the server, so they are in the image; if not, say so now.
RUN ! ldd /usr/lib/postgresql/${PG_MAJOR}/lib/pg_hotpath.so | grep 'not found'
COPY docker/create_extension.sh /docker-entrypoint-initdb.d/10_pg_hotpath.sh
CMD ["postgres", "-c", "shared_preload_libraries=pg_hotpath"]
