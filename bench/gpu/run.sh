#!/bin/bash
# Runs bench/gpu (or another script that pack.mjs packed) on a machine with a GPU and no Node.
#
#   bash FOLDER/run.sh FOLDER OUT [--software] [--script NAME] [--seconds N] [--python PYTHON] [-- ARGUMENTS OF THE SCRIPT]
#
# FOLDER is what pack.mjs made; OUT gets results.json and log.txt. The GPU's own driver is found through the
# places where it says that it is. A software adapter is refused without --software, which measures next to
# nothing and is for trying the script. With --script, NAME.cjs of the folder runs instead, with OUT's path in
# the environment (BENCH_OUT) and the arguments after --. Nothing of the card is changed.
set -u
folder=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
shift 2
software= script=measure seconds=420 python=python3
while [ $# -gt 0 ]; do
  case $1 in
    --software) software=--software ;;
    --script) script=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --python) python=$2; shift ;;
    --) shift; break ;;
    *) echo "What is $1?"; exit 2 ;;
  esac
  shift
done
exec > >(tee "$out/log.txt") 2>&1

# Unpacked outside of FOLDER, which may be read-only, and once.
work=${TMPDIR:-/tmp}/tersor-gpu
mkdir -p "$work/lib" "$work/carried"
cp -r "$folder"/{node_modules,packages,plugins,bench} "$work/"
unpack() {
  [ -s "$2" ] && return
  if command -v xz >/dev/null; then xz -dc "$1" >"$2"
  else "$python" -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$1" "$2"; fi
}
rm -f "$work"/*.cjs
for path in "$folder"/*.cjs.xz; do unpack "$path" "$work/$(basename "$path" .xz)"; done
unpack "$folder/node.xz" "$work/node"
unpack "$folder/dawn.node.xz" "$work/node_modules/webgpu/dist/linux-x64/dawn.node"
chmod +x "$work/node"
unpack "$folder/lib.tar.xz" "$work/lib.tar"
tar -xf "$work/lib.tar" -C "$work/carried"

# Our libraries only where the machine has none of the name.
known=$( (ldconfig -p || /sbin/ldconfig -p) 2>/dev/null )
for path in "$work"/carried/*; do
  case $known in *"$(basename "$path") "*) ;; *) cp "$path" "$work/lib/" ;; esac
done
export LD_LIBRARY_PATH="$work/lib:/usr/local/nvidia/lib64:/usr/local/nvidia/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp}
if [ -z "${VK_DRIVER_FILES:-}" ]; then
  for icd in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /etc/vulkan/icd.d/nvidia_icd.json \
    /usr/share/vulkan/icd.d/nvidia_icd.json; do
    [ -e "$icd" ] && export VK_DRIVER_FILES=$icd && break
  done
fi
echo "Vulkan driver: ${VK_DRIVER_FILES:-whatever the loader finds}; our own: $(ls "$work/lib" | tr '\n' ' ')"
card=$(timeout 30 nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2>/dev/null)
echo "Card: ${card:-nvidia-smi says nothing}; $(nproc) cores; Node $("$work/node" --version)"

cd "$work" || exit 1
export BENCH_OUT=$out
if [ "$script" = measure ]; then
  timeout -k 10 $((seconds + 60)) "$work/node" "$work/measure.cjs" --out "$out/results.json" --python "$python" \
    --seconds "$seconds" --card "${card:-}" $software "$@"
else
  timeout -k 10 "$seconds" "$work/node" "$work/$script.cjs" "$@"
fi
status=$?
echo "Ended with $status."
# Why there is no adapter, in Vulkan's own words.
if [ $status -ne 0 ] && [ "$script" = measure ] && ! grep -q '^adapter: ' "$out/log.txt"; then
  ls -l "${VK_DRIVER_FILES:-/usr/share/vulkan/icd.d}" && cat "${VK_DRIVER_FILES:-/dev/null}"
  VK_LOADER_DEBUG=all timeout 30 "$work/node" -e '
    import("webgpu").then(async ({ create }) => {
      const found = await create([]).requestAdapter();
      console.log(found ? found.info : "no adapter");
      process.exit();
    });' 2>&1 | tail -60
fi
exit $status
