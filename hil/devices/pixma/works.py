"""What a command set works with: the body, the engine, the session, and a host that is answered or waits."""

from hil.devices.mechanism import Mechanism, State
from hil.devices.pixma.engine import Engine
from hil.devices.pixma.product import Product
from hil.devices.talk import Talk
from hil.script import Script


class Works:
    """`asked`: the host wants a block, since when and how many bytes at most."""

    def __init__(self, script: Script, now: float, product: Product) -> None:
        self.product = product
        self.body = Mechanism(script, now)
        self.engine = Engine(self.body, script, product)
        self.talk = Talk()
        self.asked: tuple[float, int] | None = None
        self.session = False

    @property
    def state(self) -> State:
        """The body, as of the last call."""
        return self.body.state

    def say(self, *messages: bytes) -> None:
        """Answer the host."""
        self.talk.say(*messages)

    def end(self, now: float, *, keep: bool = False) -> None:
        """The session is over, however it was. `keep`: a sheet whose back waits stays in the path."""
        self.asked = None
        if self.session:
            self.session = False
            self.engine.stop(now, keep=keep)
