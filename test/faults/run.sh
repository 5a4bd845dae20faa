#!/bin/bash
# What happens when memory, shared memory, the disk or the time runs out, in any call of any statement
# of statements.txt: the session goes on, nothing is left behind, and the cache is right.
#
#   HP_FAULTS_SEED=123     repeats the choices of a run, which tells its seed
#   HP_FAULTS_ROUNDS=10    ten times as many calls are made to fail
#   HP_FAULTS_ONLY=^page   only the statements whose names match
set -euo pipefail
. "$(dirname "$0")/lib.sh"

build
export FAULTS_SERVER
echo "# HP_FAULTS_SEED=$HP_FAULTS_SEED"

FAULTS_SERVER="on demand"
new_server "fsync = off"
run sites warm cold fresh exhausted persistent caught cancel timeout
run locks
run final
check_log
run memory
check_log 'could not allocate its shared memory'

FAULTS_SERVER=preloaded
new_server "fsync = on" "shared_preload_libraries = 'pg_hotpath'"
run sites fresh exhausted
run files
check_log
exit "$status"
