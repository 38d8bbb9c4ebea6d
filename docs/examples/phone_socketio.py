"""A phone on Shutterline's socket.io endpoint. Needs Python 3.11, `pip install 'python-socketio[client]==5.18.*'`. Run it:

    PASSWORD=… python phone_socketio.py http://127.0.0.1:8080 ada@example.org ada.json [polling | websocket]

Prints every event once, as a line of JSON; also the feed after a reload, and answers of operations. Each line of input is an
operation, such as {"op": "post.like", "params": {"postId": "…"}}. The file keeps what must outlive the process; it is
written after an event was printed, before it is acknowledged: a crash just between may print one twice, never lose one."""
import json, os, pathlib, random, sys, threading, time, urllib.request, uuid
import socketio
from socketio.exceptions import SocketIOError

REMEMBERED_IDS_MAX = 4096
class Phone:
    def __init__(self, url, email, password, path):
        self.url, self.email, self.password, self.path = url.rstrip("/"), email, password, pathlib.Path(path)
        # python-socketio runs every handler in a thread of its own: one may overtake the other on the way to the lock.
        self.lock = threading.Condition(threading.RLock())
        self.welcomed, self.failures, self.close_code = threading.Event(), 0, None
        # cursor None: reload first. seen: ids in the order in which they came. behind: not 0 when something is missing between
        # cursor and seq, whatever the next welcome says; it counts what was shown since. aside: live events that wait for it.
        self.state = {"device": str(uuid.uuid4()), "ticket": None, "epoch": None, "seq": 0, "cursor": None, "aside": {}}
        self.state |= {"behind": 0, "seen": {}} | (json.loads(self.path.read_text()) if self.path.exists() else {})
        self.client = socketio.Client(reconnection=False)  # `run` does it, with the newest ticket and position
        for name in ("welcome", "events", "behind", "reset", "ticket", "error", "connect_error"):
            self.client.on(name, getattr(self, "on_" + name))

    def save(self, **changes):
        self.state |= changes
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.state))
        new.replace(self.path)

    def hello(self):
        position = {key: self.state[key] for key in ("epoch", "seq", "cursor")}
        proof = {"ticket": self.state["ticket"]} if self.state["ticket"] else {"token": self.access_token()}
        return {"device": self.state["device"], **proof, **({"resume": position} if position["cursor"] else {})}

    def access_token(self):
        body = json.dumps({"email": self.email, "password": self.password, "device": self.state["device"]}).encode()
        request = urllib.request.Request(self.url + "/v1/login", body, {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=30))["accessToken"]

    def run(self, transports):
        while True:
            wait, self.failures = random.uniform(0, min(30, 0.5 * 2 ** min(self.failures, 9))), self.failures + 1
            self.close_code = None
            try:
                with self.lock:  # handlers of the last connection are done
                    hello = self.hello()
                self.client.connect(self.url, auth=hello, transports=transports, wait_timeout=10)
                self.client.wait()
            except (SocketIOError, OSError):
                pass  # the network is away, or the server
            self.welcomed.clear()
            self.client.disconnect()  # whatever is left of it
            if self.close_code == 4401 and self.state["ticket"]:
                self.save(ticket=None)  # it has expired: the next hello carries an access token
            elif self.close_code and self.close_code >= 4400:
                sys.exit(f"the server said no: {self.close_code}")
            time.sleep(0 if self.close_code == 4001 else wait)  # before 4001 the server has waited for us

    def on_connect_error(self, problem):
        if isinstance(problem, dict) and problem.get("message") == "unauthenticated":
            self.close_code = 4401

    def on_error(self, message):
        self.close_code = message.get("closeCode")

    def on_ticket(self, message):
        with self.lock:
            self.save(ticket=message["ticket"])

    def on_welcome(self, message):
        with self.lock:
            self.failures = 0
            self.save(epoch=message["epoch"], seq=message["seq"], ticket=message["ticket"])
            self.welcomed.set()
            self.lock.notify_all()
            if message["mode"] in ("fresh", "reset"):
                self.on_reset()
            elif message["mode"] == "behind" or self.state["behind"]:
                self.catch_up()

    def on_events(self, message):
        with self.lock:
            epoch, first, events = message["epoch"], message["seq"], message["events"]
            self.lock.wait_for(lambda: epoch == self.state["epoch"] and first <= self.state["seq"] + 1, timeout=2)
            last, expected = first + len(events) - 1, self.state["seq"] + 1
            gap = epoch != self.state["epoch"] or first > expected
            self.state["aside"] |= {event["id"]: event for event in (events if gap else events[max(0, expected - first) :])}
            if self.state["cursor"] and not self.state["behind"] and not gap:
                self.show(self.state["aside"].values())
                self.state |= {"cursor": message["cursor"], "aside": {}}
            self.save(epoch=epoch, seq=last if gap else max(last, expected - 1))
            self.lock.notify_all()
            if gap:
                self.catch_up()
        # Returning calls the server's callback: that is the acknowledgement.

    def show(self, events):
        seen = self.state["seen"]
        for event in events:
            if event["type"] != "nop" and event["id"] not in seen:
                seen[event["id"]] = True
                self.state["behind"] += self.state["behind"] > 0
                print(json.dumps(event), flush=True)
        self.state["seen"] = dict(list(seen.items())[-REMEMBERED_IDS_MAX:])

    def on_behind(self, message):
        with self.lock:
            self.save(epoch=message["epoch"], seq=message["seq"])
            self.lock.notify_all()
            self.catch_up()

    def catch_up(self):
        while self.state["cursor"]:  # live events and their acknowledgements wait for the lock meanwhile
            self.save(behind=self.state["behind"] or 1)
            answer = self.call("sync", {"cursor": self.state["cursor"]})
            page = answer.get("result", {"reset": answer.get("error", {}).get("code")})
            if page["reset"] in ("retention", "bounds", "invalid-cursor") or self.state["behind"] > REMEMBERED_IDS_MAX:
                return self.on_reset()
            if page["reset"]:
                return self.client.disconnect()  # and begin again
            self.show(page["events"] + (list(self.state["aside"].values()) if page["done"] else []))
            self.save(cursor=page["cursor"], **({"behind": 0, "aside": {}} if page["done"] else {}))
            if page["done"]:
                return

    def on_reset(self, _=None):
        with self.lock:
            self.save(cursor=None, behind=0, aside={})
            feed, notifications = self.call("feed.read", {}), self.call("notification.list", {})
            if not (feed["ok"] and notifications["ok"]):
                return self.client.disconnect()
            for name, answer in (("feed", feed), ("notifications", notifications)):
                print(json.dumps({"t": "result", "id": name} | answer), flush=True)
            self.save(cursor=feed["result"]["position"]["cursor"])  # seq goes on as this connection counts it

    def call(self, name, params, key=None):
        operation = {"op": name, "params": params} | ({"key": key} if key else {})
        try:
            return self.client.call("op", operation, timeout=10)
        except (SocketIOError, OSError):
            return {"ok": False, "error": {"code": "network", "retryable": True}}

    def operate(self, operation):
        key, answer = uuid.uuid4().hex, {"ok": False, "error": {"retryable": True}}
        while not answer["ok"] and answer["error"]["retryable"] and self.welcomed.wait():
            answer = self.call(operation["op"], operation.get("params", {}), key)
        with self.lock:
            print(json.dumps({"t": "result", "id": operation.get("id", key)} | answer), flush=True)

phone = Phone(sys.argv[1], sys.argv[2], os.environ["PASSWORD"], sys.argv[3])
threading.Thread(target=lambda: [phone.operate(json.loads(line)) for line in sys.stdin], daemon=True).start()
phone.run(sys.argv[4:] or None)
