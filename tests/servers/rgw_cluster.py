"""Becomes a Ceph object gateway on one port: `rgw_cluster.py FOLDER PORT ACCESS_KEY SECRET_KEY`.

A gateway needs a monitor, a manager and one disk behind it. They are started first, as children
that die with this process, which in the end becomes the gateway itself: so whoever started it
has one process to watch and to stop.
"""

import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import uuid
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_DISK_BYTES = 16 << 30  # sparse
_CONFIG = """\
[global]
fsid = {fsid}
mon_initial_members = a
mon_host = [v2:127.0.0.1:{mon},v1:127.0.0.1:{old_mon}]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data_avail_warn = 1
mon_data_avail_crit = 1
keyring = {folder}/$type.$id.keyring
log_file = {folder}/log/$type.$id.log
pid_file = {folder}/run/$type.$id.pid
admin_socket = {folder}/run/$type.$id.asok
run_dir = {folder}/run
crash_dir = {folder}/run
mon_data = {folder}/mon
mgr_data = {folder}/mgr
osd_data = {folder}/osd
rgw_data = {folder}/rgw
osd_objectstore = bluestore
osd_memory_target = 939524096
bluestore_block_create = true
bluestore_block_size = {disk}
rgw_frontends = beast endpoint=127.0.0.1:{port}
# The tests talk to it without TLS.
rgw_crypt_require_ssl = false
# Keys that the tests' files can be encrypted with, as a key management service would hold them.
rgw_crypt_s3_kms_backend = testing
rgw_crypt_s3_kms_encryption_keys = test-key=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
[client.rgw]
keyring = {folder}/client.rgw.keyring
"""


def main() -> None:
    folder, port, access_key, secret_key = Path(sys.argv[1]), *sys.argv[2:]
    for name in ("mon", "osd", "mgr", "rgw", "log", "run"):
        (folder / name).mkdir()
    mon, old_mon = _free_ports(2)
    fsid = str(uuid.uuid4())
    config = folder / "ceph.conf"
    config.write_text(
        _CONFIG.format(fsid=fsid, mon=mon, old_mon=old_mon, folder=folder, disk=_DISK_BYTES, port=port)
    )
    os.environ["CEPH_CONF"] = str(config)
    os.chdir(folder)
    _start_monitor(fsid, f"[v2:127.0.0.1:{mon},v1:127.0.0.1:{old_mon}]")
    _start_manager()
    _start_disk()
    _admin(
        "auth",
        "get-or-create",
        "client.rgw",
        "mon",
        "allow rw",
        "osd",
        "allow rwx",
        "-o",
        "client.rgw.keyring",
    )
    keys = ("--access-key", access_key, "--secret-key", secret_key)
    who = ("--name", "client.admin", "--keyring", "client.admin.keyring")
    _run("radosgw-admin", *who, "user", "create", "--uid", "test", "--display-name", "test", *keys)
    os.execvp("radosgw", ["radosgw", "-f", "-n", "client.rgw"])  # noqa: S606 - this process is the one that is watched


def _start_monitor(fsid: str, address: str) -> None:
    everything = ("--cap", "mon", "allow *", "--cap", "osd", "allow *", "--cap", "mgr", "allow *")
    _run("ceph-authtool", "-C", "client.admin.keyring", "--gen-key", "-n", "client.admin", *everything)
    _run("ceph-authtool", "-C", "mon.a.keyring", "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    _run("ceph-authtool", "mon.a.keyring", "--import-keyring", "client.admin.keyring")
    _run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, "monmap")
    _run("ceph-mon", "--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", "mon.a.keyring")
    _child("ceph-mon", "-f", "-i", "a")


def _start_manager() -> None:
    rights = ("mon", "allow profile mgr", "osd", "allow *", "mds", "allow *")
    _admin("auth", "get-or-create", "mgr.x", *rights, "-o", "mgr.x.keyring")
    _child("ceph-mgr", "-f", "-i", "x")


def _start_disk() -> None:
    secret = _run("ceph-authtool", "--gen-print-key").strip()
    Path("secret.json").write_text(json.dumps({"cephx_secret": secret}))
    name = str(uuid.uuid4())
    number = _admin("osd", "new", name, "-i", "secret.json").strip()
    keyring = f"osd.{number}.keyring"
    _run("ceph-authtool", "-C", keyring, "-n", f"osd.{number}", "--add-key", secret)
    _run("ceph-osd", "-i", number, "--mkfs", "--osd-uuid", name)
    shutil.copy(keyring, "osd/keyring")
    _child("ceph-osd", "-f", "-i", number)


def _admin(*words: str) -> str:
    how = ("--name", "client.admin", "--keyring", "client.admin.keyring", "--connect-timeout", "60")
    return _run("ceph", *how, *words)


def _run(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed: {done.stderr[-1500:]}")
    return done.stdout


def _child(*command: str) -> None:
    libc = ctypes.CDLL(None)
    with Path("log", f"{command[0]}.out").open("wb") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL),  # noqa: PLW1509 - no threads here
        )


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


if __name__ == "__main__":
    main()
