"""OpenStack Swift with its S3 interface, whole in one folder: swift-server.py FOLDER PROXY ACCOUNT CONTAINER OBJECT CACHE
The last five are ports; a memcached has to listen on the last one. Ends with the process that started it."""
import ctypes
import getpass
import os
import signal
import socket
import sys
import time

root = sys.argv[1]
proxy, account, container, objects, cache = map(int, sys.argv[2:])
BACKENDS = {'account': account, 'container': container, 'object': objects}


def write(name, text):
    with open(os.path.join(root, name), 'w') as file:
        file.write(text)


def settings(port):
    return f"""[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {getpass.getuser()}
swift_dir = {root}
devices = {root}/disk
mount_check = false
fsync_dir = false
log_level = ERROR
log_address = {root}/no-log
"""


def configure():
    from swift.common.ring import RingBuilder

    os.makedirs(os.path.join(root, 'disk/one'), exist_ok=True)
    write('swift.conf', '[swift-hash]\nswift_hash_path_suffix = tersor\n')
    for kind, port in BACKENDS.items():
        # One disk, one copy of everything.
        builder = RingBuilder(4, 1, 0)
        address = {'ip': '127.0.0.1', 'port': port, 'replication_ip': '127.0.0.1', 'replication_port': port}
        builder.add_dev({'id': 0, 'region': 1, 'zone': 1, 'device': 'one', 'weight': 1.0, **address})
        builder.rebalance()
        builder.get_ring().save(os.path.join(root, f'{kind}.ring.gz'))
        write(
            f'{kind}.conf',
            f'{settings(port)}[pipeline:main]\npipeline = {kind}-server\n'
            f'[app:{kind}-server]\nuse = egg:swift#{kind}\n',
        )
    filters = ['catch_errors', 'gatekeeper', 'cache', 's3api', 'tempauth', 'copy', 'slo', 'dlo']
    options = {
        'cache': f'memcache_servers = 127.0.0.1:{cache}\n',
        # Short pages, so that a list of some dozen is more than one.
        's3api': 'location = us-east-1\nmax_bucket_listing = 20\n',
        'tempauth': 'user_test_tester = testing .admin\n',
    }
    sections = ''.join(
        f'[filter:{name}]\nuse = egg:swift#{"memcache" if name == "cache" else name}\n{options.get(name, "")}'
        for name in filters
    )
    write(
        'proxy.conf',
        f'{settings(proxy)}[pipeline:main]\npipeline = {" ".join(filters)} proxy-server\n{sections}'
        # A server that was away for a moment is asked again at once, not a minute later.
        '[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\nerror_suppression_limit = 1000000\n',
    )


def die_with_parent():
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until_open(port):
    while True:
        try:
            return socket.create_connection(('127.0.0.1', port)).close()
        except OSError:
            time.sleep(0.02)


die_with_parent()
configure()

from swift.common import utils, wsgi  # noqa: E402

utils.set_swift_dir(root)
# The modules are read once, before the four processes part.
import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server  # noqa: E401, E402, F401

# Without an account server the proxy says that there is no bucket: it starts after the others, and ends before them.
for kind in ['proxy', *BACKENDS]:
    if os.fork() == 0:
        die_with_parent()
        if kind == 'proxy':
            for port in BACKENDS.values():
                wait_until_open(port)
        os._exit(wsgi.run_wsgi(os.path.join(root, f'{kind}.conf'), f'{kind}-server'))
os.wait()
