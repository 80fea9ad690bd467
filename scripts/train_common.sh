# What the model collection's training scripts share; sourced by them with KIND, RANK_SIZE and
# EXTRA set. Options: --data_path= (a file of points, or a folder with one; an empty or absent
# folder: the published GMM), --ckpt_path= (work directory; one that is there goes on),
# --precision_mode=, --over_dump=, --data_dump_flag=, --data_dump_step=, --profiling= and any flag
# of main.py, such as --device=cpu. What the script itself wrote before is cleared first.
set -uo pipefail
HERE=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/.."
absolute() { case $1 in /*) echo "$1" ;; *) echo "$HERE/$1" ;; esac; }
fail() { echo "error: $1" >&2; exit 2; }

NETWORK=ADAGAN_ID2115_for_TensorFlow
export ASCEND_DEVICE_ID=${ASCEND_DEVICE_ID:-0}
[[ $ASCEND_DEVICE_ID =~ ^[A-Za-z0-9_]+$ ]] || fail "ASCEND_DEVICE_ID=$ASCEND_DEVICE_ID: must be a card's number"
OUTPUT=${OUTPUT_ROOT:-scripts/output}/$ASCEND_DEVICE_ID
LOG=$OUTPUT/train_$ASCEND_DEVICE_ID.log
WORKDIR=$OUTPUT/ckpt_$KIND
BATCH_SIZE=64
DEVICE=npu
FLAGS=()
DATA="Data: no --data_path; the published GMM is made"

use_data() { # use_data PATH: the points in it, if there are any
    local path found=()
    path=$(absolute "$1")
    if [ -d "$path" ]; then
        mapfile -t found < <(find "$path" -maxdepth 1 -type f \( -name '*.npy' -o -name '*.npz' -o -name '*.csv' \) | sort)
        [ "${#found[@]}" -le 1 ] || fail "--data_path=$1: must hold one data file, holds ${found[*]##*/}"
    elif [[ -e $path || $path =~ \.(npy|npz|csv)$ ]]; then
        found=("$path")
    fi
    if [ "${#found[@]}" -eq 0 ]; then
        DATA="Data: --data_path=$1 holds no .npy, .npz or .csv; the published GMM is made"
        return
    fi
    FLAGS+=(--dataset=file "--data_file=${found[0]}")
    DATA="Data: ${found[0]}"
}

for argument in "$@"; do
    case $argument in
        --data_path=) ;;
        --data_path=*) use_data "${argument#*=}" ;;
        --ckpt_path=?*) WORKDIR=$(absolute "${argument#*=}") ;;
        --rank_size=*) RANK_SIZE=${argument#*=} ;;
        --batch_size=*) BATCH_SIZE=${argument#*=}; FLAGS+=("$argument") ;;
        --device=*) DEVICE=${argument#*=}; FLAGS+=("$argument") ;;
        --over_dump=* | --data_dump_flag=* | --profiling=*)
            FLAGS+=("${argument%%=*}=$(tr 'TF' 'tf' <<<"${argument#*=}")") ;;
        --help | -h) sed -n '2,6p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) FLAGS+=("$argument") ;;
    esac
done
if [ "$RANK_SIZE" -gt 1 ] && [ -n "${CM_CHIEF_IP:-}" ]; then # these cards meet without a rank table
    RANK_SIZE=${CM_WORKER_SIZE:-$RANK_SIZE}
    export CM_WORKER_SIZE=$RANK_SIZE
    export -n RANK_SIZE
elif [ "$RANK_SIZE" -gt 1 ]; then
    export RANK_SIZE
fi
CASE=${NETWORK}_bs${BATCH_SIZE}_${RANK_SIZE}p_$KIND
rm -rf "$OUTPUT/ckpt_$KIND" "$OUTPUT"/train_*.log "$OUTPUT/$CASE.log"
mkdir -p "$OUTPUT"
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || echo python3)}

train() { # train RANK LOG: one process
    echo "$DATA" >"$2"
    RANK_ID=$1 "$PYTHON" main.py --flagfile=ascend.flags "--workdir=$WORKDIR" ${EXTRA[@]+"${EXTRA[@]}"} \
        ${FLAGS[@]+"${FLAGS[@]}"} >>"$2" 2>&1
}

start=$(date +%s)
status=0
if [ "$RANK_SIZE" -eq 1 ]; then
    train 0 "$LOG" || status=$?
else
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

figure() { # figure COLUMN: of the last step
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
        END { print $column }' "$WORKDIR/metrics.csv"
}
RATE=$(figure iterations_per_second) # from the first Session.run's end on, so without its compile
COVERAGE=$(figure coverage)
LOSS=$(grep -o 'Component .*' "$LOG" | tail -1 | grep -o 'generator_loss=[-0-9.]*' | cut -d= -f2)
[ -n "$LOSS" ] || echo "$WORKDIR had finished before: these are the figures of then" | tee -a "$LOG" >&2
{
    echo "Network = $NETWORK"
    echo "RankSize = $RANK_SIZE"
    echo "BatchSize = $BATCH_SIZE"
    echo "DeviceType = $(uname -m) $DEVICE"
    echo "CaseName = $CASE"
    echo "ActualFPS = $(awk -v rate="${RATE:-nan}" -v batch="$BATCH_SIZE" 'BEGIN { print (rate + 0 > 0) ? sprintf("%.2f", rate * batch) : "nan" }')"
    # Milliseconds an iteration.
    echo "TrainingTime = $(awk -v rate="${RATE:-nan}" 'BEGIN { print (rate + 0 > 0) ? sprintf("%.4f", 1000 / rate) : "nan" }')"
    echo "ActualLoss = ${LOSS:-nan}"
    echo "TrainAccuracy = $(printf '%.3f' "$COVERAGE")"
    echo "E2ETrainingTime = $seconds"
} | tee "$OUTPUT/$CASE.log"
