"""A phone on Shutterline's native endpoint, from docs/protocol.md. Needs Python 3.11 and `pip install websockets`. Run it:

    PASSWORD=… python phone.py http://127.0.0.1:8080 ada@example.org ada.json

Prints every event once, as a line of JSON; also the feed after a reload, and answers of operations. Each line of input is an
operation, such as {"op": "post.like", "params": {"postId": "…"}}. The file keeps what must outlive the process; it is
written after an event was printed, before it is acknowledged: a crash just between may print one twice, never lose one."""
import contextlib, json, os, pathlib, random, sys, threading, time, urllib.request, uuid, zlib
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

REMEMBERED_IDS_MAX = 4096

class Phone:
    def __init__(self, url, email, password, path):
        self.url, self.email, self.password, self.path = url.rstrip("/"), email, password, pathlib.Path(path)
        self.socket, self.welcomed, self.failures = None, False, 0
        self.pending = {}  # operations without an answer: sent again, with the same key, on the next connection
        self.errand = 0  # number of the newest catch-up or reload: answers to an earlier one are not looked at
        # cursor None: reload first. seen: ids in the order in which they came. behind: not 0 when something is missing between
        # cursor and seq, whatever the next welcome says; it counts what was shown since. aside: live events that wait for it.
        self.state = {"device": str(uuid.uuid4()), "ticket": None, "epoch": None, "seq": 0, "cursor": None, "aside": {}}
        self.state |= {"behind": 0, "seen": {}} | (json.loads(self.path.read_text()) if self.path.exists() else {})

    def save(self, **changes):
        self.state |= changes
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self.state))
        new.replace(self.path)

    def access_token(self):
        body = json.dumps({"email": self.email, "password": self.password, "device": self.state["device"]}).encode()
        request = urllib.request.Request(self.url + "/v1/login", body, {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=30))["accessToken"]

    def run(self):
        while True:
            wait, self.failures = random.uniform(0, min(30, 0.5 * 2 ** min(self.failures, 9))), self.failures + 1
            try:
                self.connect()
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if code == 4401 and self.state["ticket"]:
                    self.save(ticket=None)  # it has expired: the next hello carries an access token
                elif code >= 4400:
                    sys.exit(f"the server said no: {closed.rcvd}")
                wait = 0 if code == 4001 else wait  # after a drain the server waited for us
            except InvalidStatus as refused:
                wait = float(refused.response.headers.get("retry-after", wait))
            except (InvalidHandshake, OSError):
                pass  # the network is away, or the server
            self.welcomed = False
            time.sleep(wait)

    def connect(self):
        proof = {"ticket": self.state["ticket"]} if self.state["ticket"] else {"token": self.access_token()}
        position = {key: self.state[key] for key in ("epoch", "seq", "cursor")}
        hello = proof | ({"resume": position} if position["cursor"] else {})
        with connect(f"ws{self.url[4:]}/v1/live", subprotocols=["shutterline.v1"], max_size=None) as self.socket:
            self.send({"t": "hello", "device": self.state["device"], "caps": ["deflate"], **hello})
            for frame in self.socket:
                text, _, deflated = (frame, "", b"") if isinstance(frame, str) else frame.partition(b"\n")
                message = json.loads(text) | ({"events": json.loads(zlib.decompress(deflated))} if deflated else {})
                getattr(self, "on_" + message["t"], lambda _: None)(message)

    def send(self, message):
        self.socket.send(json.dumps(message))

    def on_welcome(self, message):
        self.welcomed, self.failures = True, 0
        self.save(epoch=message["epoch"], seq=message["seq"], ticket=message["ticket"])
        if message["mode"] in ("fresh", "reset"):
            self.on_reset()
        elif message["mode"] == "behind" or self.state["behind"]:
            self.catch_up()
        for operation in list(self.pending.values()):
            self.send(operation)

    on_ticket = lambda self, message: self.save(ticket=message["ticket"])

    def on_events(self, message):
        epoch, first, events = message["epoch"], message["seq"], message["events"]
        last, expected = first + len(events) - 1, self.state["seq"] + 1
        gap = epoch != self.state["epoch"] or first > expected
        self.state["aside"] |= {event["id"]: event for event in (events if gap else events[max(0, expected - first) :])}
        if self.state["cursor"] and not self.state["behind"] and not gap:
            self.show(self.state["aside"].values())
            self.state |= {"cursor": message["cursor"], "aside": {}}
        self.save(epoch=epoch, seq=last if gap else max(last, expected - 1))
        self.send({"t": "ack", "seq": last})
        if gap or len(self.state["aside"]) > REMEMBERED_IDS_MAX:
            self.catch_up()

    def show(self, events):
        seen = self.state["seen"]
        for event in events:
            if event["type"] != "nop" and event["id"] not in seen:
                seen[event["id"]] = True
                self.state["behind"] += self.state["behind"] > 0
                print(json.dumps(event), flush=True)
        self.state["seen"] = dict(list(seen.items())[-REMEMBERED_IDS_MAX:])

    def on_behind(self, message):
        self.save(epoch=message["epoch"], seq=message["seq"])
        self.catch_up()

    def catch_up(self):
        if not self.state["cursor"] or max(self.state["behind"], len(self.state["aside"])) > REMEMBERED_IDS_MAX:
            return self.on_reset()  # the reload under way may have read too early; or more came than this phone can tell apart
        self.save(behind=self.state["behind"] or 1)
        self.run_errand("sync", {"cursor": self.state["cursor"]})

    def on_reset(self, _=None):
        self.save(cursor=None, behind=0, aside={})
        self.run_errand("feed.read", {})

    def run_errand(self, name, params):
        self.errand += 1
        self.send({"t": "op", "id": f"errand {self.errand}", "op": name, "params": params})

    def on_result(self, message):
        is_errand = message["id"] == f"errand {self.errand}"
        if self.pending.pop(message["id"], None) or (is_errand and "posts" in message.get("result", {})):
            print(json.dumps(message), flush=True)
        if not is_errand:
            return
        if not message["ok"] and message["error"]["code"] != "invalid-cursor":
            return self.socket.close()  # and begin again on another connection
        result = message.get("result", {"reset": "invalid-cursor"})
        if "posts" in result:
            self.show(self.state["aside"].values())
            self.save(cursor=result["position"]["cursor"], aside={})  # seq goes on as this connection counts it
            self.operate({"op": "notification.list", "params": {}})
        elif result["reset"]:
            self.on_reset()
        else:
            self.show(result["events"] + (list(self.state["aside"].values()) if result["done"] else []))
            self.save(cursor=result["cursor"], **({"behind": 0, "aside": {}} if result["done"] else {}))
            if not result["done"]:
                self.catch_up()

    def operate(self, operation):
        number = operation.get("id", uuid.uuid4().hex)
        self.pending[number] = {"t": "op", "id": number, "key": number, **operation}
        if self.welcomed:
            with contextlib.suppress(ConnectionClosed):  # then it is sent again after the next welcome
                self.send(self.pending[number])

phone = Phone(sys.argv[1], sys.argv[2], os.environ["PASSWORD"], sys.argv[3])
threading.Thread(target=lambda: [phone.operate(json.loads(line)) for line in sys.stdin], daemon=True).start()
phone.run()
