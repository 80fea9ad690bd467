# What the model collection's training scripts share; sourced by them with KIND, RANK_SIZE and
# EXTRA set; PYTHON names another interpreter than .venv's or python3.7.
#
# Options: --data_path= (a file of points, or a folder with one; an empty or absent folder: the
# published GMM), --ckpt_path= (work directory; one that is there goes on), --rank_size= (cards),
# --precision_mode=, --over_dump=, --data_dump_flag=, --data_dump_step=, --profiling= and any flag
# of main.py, such as --device=cpu. What the script itself wrote before is replaced.
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

is_data() { [[ ${1,,} =~ \.(npy|npz|parquet|(csv|tsv|txt)(\.gz)?)$ ]]; }

use_data() { # use_data PATH: the points in it, if there are any
    local path file found=()
    path=$(absolute "$1")
    if [ -d "$path" ]; then
        while read -r file; do is_data "$file" && found+=("$file"); done < <(find "$path" -maxdepth 1 -type f | sort)
        [ "${#found[@]}" -le 1 ] || fail "--data_path=$1: must hold one data file, holds ${found[*]##*/}"
        [ "${#found[@]}" -eq 1 ] || [ -z "$(ls -A "$path")" ] ||
            fail "--data_path=$1: holds no .npy, .npz, .csv, .tsv, .txt (or .gz of them) or .parquet; an empty folder stands for the published GMM"
    elif [ -e "$path" ] || is_data "$path"; then
        found=("$path")
    fi
    if [ "${#found[@]}" -eq 0 ]; then
        DATA="Data: none in --data_path=$1; the published GMM is made"
        return
    fi
    FLAGS+=(--dataset=file "--data_file=${found[0]}")
    DATA="Data: ${found[0]}"
}

arguments=() # --name value as --name=value
while [ $# -gt 0 ]; do
    case $1 in
        --*=*) arguments+=("$1") ;;
        --*) if [[ $# -gt 1 && $2 != -* ]]; then arguments+=("$1=$2"); shift; else arguments+=("$1"); fi ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
for argument in ${arguments[@]+"${arguments[@]}"}; do
    case $argument in
        --data_path=) ;;
        --data_path=*) use_data "${argument#*=}" ;;
        --ckpt_path=?*) WORKDIR=$(absolute "${argument#*=}") ;;
        --workdir=*) fail "$argument: give --ckpt_path=" ;;
        --rank_size=*) RANK_SIZE=${argument#*=} ;;
        --batch_size=*) BATCH_SIZE=${argument#*=}; FLAGS+=("$argument") ;;
        --device=*) DEVICE=${argument#*=}; FLAGS+=("$argument") ;;
        --over_dump=* | --data_dump_flag=* | --profiling=*)
            FLAGS+=("${argument%%=*}=$(tr 'TF' 'tf' <<<"${argument#*=}")") ;;
        --help | -h) sed -n '4,7s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) FLAGS+=("$argument") ;;
    esac
done
[[ $RANK_SIZE =~ ^[1-9][0-9]*$ ]] || fail "--rank_size=$RANK_SIZE: must be the number of cards"
if [ "$RANK_SIZE" -gt 1 ] && [ -n "${CM_CHIEF_IP:-}" ]; then # these cards meet without a rank table
    RANK_SIZE=${CM_WORKER_SIZE:-$RANK_SIZE}
    [[ $RANK_SIZE =~ ^[1-9][0-9]*$ ]] || fail "CM_WORKER_SIZE=$RANK_SIZE: must be the number of cards"
    export CM_WORKER_SIZE=$RANK_SIZE
    export -n RANK_SIZE
elif [ "$RANK_SIZE" -gt 1 ]; then
    export RANK_SIZE
fi
CASE=${NETWORK}_bs${BATCH_SIZE}_${RANK_SIZE}p_$KIND
mkdir -p "$OUTPUT"
rm -rf "$OUTPUT/before"
[ -d "$OUTPUT/ckpt_$KIND" ] && mv "$OUTPUT/ckpt_$KIND" "$OUTPUT/before" # until main.py takes the flags
rm -f "$OUTPUT"/train_*.log "$OUTPUT/$CASE.log"
PYTHON=${PYTHON:-$([ -x .venv/bin/python ] && echo .venv/bin/python || command -v python3.7 || echo python3)}

train() { # train RANK LOG: becomes main.py
    echo "$DATA" >"$2"
    RANK_ID=$1 exec "$PYTHON" main.py --flagfile=ascend.flags "--workdir=$WORKDIR" ${EXTRA[@]+"${EXTRA[@]}"} \
        ${FLAGS[@]+"${FLAGS[@]}"} >>"$2" 2>&1
}

pids=()
end_all() { # end_all STATUS: a signal saves what is trained
    trap '' TERM INT HUP
    kill -TERM "${pids[@]}" 2>/dev/null
    wait
    echo "Stopped; what was trained is in $WORKDIR" >&2
    exit "$1"
}
trap 'end_all 143' TERM
trap 'end_all 130' INT
trap 'end_all 129' HUP
echo "$DATA" >&2
start=$(date +%s)
status=0
for rank in $(seq 0 $((RANK_SIZE - 1))); do
    if [ "$rank" -eq 0 ]; then
        train 0 "$LOG" &
    else
        ASCEND_DEVICE_ID=$rank train "$rank" "$OUTPUT/train_rank_$rank.log" &
    fi
    pids+=($!)
done
for _ in "${pids[@]}"; do
    wait -n || { status=$?; kill -TERM "${pids[@]}" 2>/dev/null; break; } # the others would wait for it
done
wait
if [ -d "$OUTPUT/before" ]; then
    [ "$status" -ne 2 ] || [ -e "$OUTPUT/ckpt_$KIND" ] || mv "$OUTPUT/before" "$OUTPUT/ckpt_$KIND"
    rm -rf "$OUTPUT/before"
fi
seconds=$(($(date +%s) - start))
if [ "$status" -ne 0 ]; then
    failed=$(grep -l '^error:\|^Traceback' "$OUTPUT"/train_*.log | head -1)
    tail -n 3 "${failed:-$LOG}" >&2
    echo "error: training ended with status $status; see $OUTPUT" >&2
    exit "$status"
fi

[ -s "$WORKDIR/metrics.csv" ] || { echo "error: $WORKDIR: holds no metrics.csv after the training" >&2; exit 1; }

figure() { # figure COLUMN: of the last step
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
        END { print $column }' "$WORKDIR/metrics.csv"
}
RATE=$(figure iterations_per_second) # from the first Session.run's end on, so without its compile
COVERAGE=$(figure coverage)
LOSS=$(grep -o 'Component .*' "$LOG" | tail -1 | grep -o 'generator_loss=[-0-9.]*' | cut -d= -f2)
[ -n "$LOSS" ] || echo "$WORKDIR had finished before: these are the figures of then" | tee -a "$LOG" >&2
actual_fps() { awk -v rate="${RATE:-nan}" -v batch="$BATCH_SIZE" 'BEGIN { print (rate + 0 > 0) ? sprintf("%.2f", rate * batch) : "nan" }'; }
{
    echo "Network = $NETWORK"
    echo "RankSize = $RANK_SIZE"
    echo "BatchSize = $BATCH_SIZE"
    echo "DeviceType = $(uname -m) $DEVICE"
    echo "CaseName = $CASE"
    echo "ActualFPS = $(actual_fps)"
    # Milliseconds an iteration.
    echo "TrainingTime = $(awk -v rate="${RATE:-nan}" 'BEGIN { print (rate + 0 > 0) ? sprintf("%.4f", 1000 / rate) : "nan" }')"
    echo "ActualLoss = ${LOSS:-nan}"
    echo "TrainAccuracy = $(printf '%.3f' "$COVERAGE")"
    echo "E2ETrainingTime = $seconds"
    echo "Final Performance images/sec : $(actual_fps)"
    echo "Final Train Accuracy : $(printf '%.3f' "$COVERAGE")"
} | tee "$OUTPUT/$CASE.log"
