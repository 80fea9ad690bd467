# What the model collection's training scripts share; sourced by them with KIND, RANK_SIZE and
# EXTRA set. Options: --data_path= (a file of points; the published GMM without it), --ckpt_path=
# (work directory), --precision_mode=, --over_dump=, --data_dump_flag=, --data_dump_step=,
# --profiling= and any flag of main.py, such as --device=cpu.
set -uo pipefail
HERE=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
absolute() { case $1 in /*) echo "$1" ;; *) echo "$HERE/$1" ;; esac; }

NETWORK=ADAGAN_ID2115_for_TensorFlow
export ASCEND_DEVICE_ID=${ASCEND_DEVICE_ID:-0}
OUTPUT=scripts/output/$ASCEND_DEVICE_ID
LOG=$OUTPUT/train_$ASCEND_DEVICE_ID.log
WORKDIR=$OUTPUT/ckpt_$KIND
BATCH_SIZE=64
DEVICE=npu
FLAGS=()
for argument in "$@"; do
    case $argument in
        --data_path=) ;;
        --data_path=*) FLAGS+=(--dataset=file "--data_file=$(absolute "${argument#*=}")") ;;
        --ckpt_path=?*) WORKDIR=$(absolute "${argument#*=}") ;;
        --rank_size=*) RANK_SIZE=${argument#*=} ;;
        --batch_size=*) BATCH_SIZE=${argument#*=}; FLAGS+=("$argument") ;;
        --device=*) DEVICE=${argument#*=}; FLAGS+=("$argument") ;;
        --over_dump=* | --data_dump_flag=* | --profiling=*)
            FLAGS+=("${argument%%=*}=$(tr 'TF' 'tf' <<<"${argument#*=}")") ;;
        --help | -h) sed -n '2,4p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) FLAGS+=("$argument") ;;
    esac
done
mkdir -p "$OUTPUT"
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}

train() { # train RANK LOG: one process
    RANK_ID=$1 "$PYTHON" main.py --flagfile=ascend.flags "--workdir=$WORKDIR" ${EXTRA[@]+"${EXTRA[@]}"} \
        ${FLAGS[@]+"${FLAGS[@]}"} >"$2" 2>&1
}

start=$(date +%s)
status=0
if [ "$RANK_SIZE" -eq 1 ]; then
    train 0 "$LOG" || status=$?
else
    export RANK_SIZE
    pids=()
    for rank in $(seq 0 $((RANK_SIZE - 1))); do
        log=$LOG
        [ "$rank" -eq 0 ] || log=$OUTPUT/train_rank_$rank.log
        ASCEND_DEVICE_ID=$rank train "$rank" "$log" &
        pids+=($!)
    done
    for _ in "${pids[@]}"; do
        wait -n || { status=$?; kill "${pids[@]}" 2>/dev/null; break; } # the others would wait for it
    done
    wait
fi
seconds=$(($(date +%s) - start))
if [ "$status" -ne 0 ]; then
    tail -qn 3 "$OUTPUT"/train_*.log >&2
    echo "error: training ended with status $status; see $OUTPUT" >&2
    exit "$status"
fi

RATE=$(grep -o 'Component .*' "$LOG" | tail -1 | grep -o '[0-9]* it/s' | cut -d' ' -f1)
LOSS=$(grep -o 'Component .*' "$LOG" | tail -1 | grep -o 'generator_loss=[-0-9.]*' | cut -d= -f2)
COVERAGE=$(grep -o '^Evaluating: .*' "$LOG" | tail -1 | grep -o 'C=[0-9.]*' | cut -d= -f2)
if [ -z "$COVERAGE" ]; then
    echo "error: $LOG tells no coverage; has the run in $WORKDIR finished before?" >&2
    exit 1
fi
CASE=${NETWORK}_bs${BATCH_SIZE}_${RANK_SIZE}p_$KIND
FPS=$(awk -v rate="${RATE:-0}" -v batch="$BATCH_SIZE" 'BEGIN { printf "%.2f", rate * batch }')
{
    echo "Network = $NETWORK"
    echo "RankSize = $RANK_SIZE"
    echo "BatchSize = $BATCH_SIZE"
    echo "DeviceType = $(uname -m) $DEVICE"
    echo "CaseName = $CASE"
    echo "ActualFPS = $FPS"
    # Milliseconds an iteration.
    echo "TrainingTime = $(awk -v rate="${RATE:-0}" 'BEGIN { if (rate) printf "%.4f", 1000 / rate }')"
    echo "ActualLoss = ${LOSS:-}"
    echo "TrainAccuracy = ${COVERAGE:-}"
    echo "E2ETrainingTime = $seconds"
} | tee "$OUTPUT/$CASE.log"
