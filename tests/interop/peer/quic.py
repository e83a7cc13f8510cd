"""Section 1: QUIC with mutual TLS, and frames on its streams.

aioquic has no exporter and no switch for client certificates. `Quic` adds both; all use of its insides is in this file.
"""

import asyncio
import datetime
import hashlib
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace

from aioquic import tls
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.asyncio import server as aioquic_server
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import Limit, QuicConnection
from aioquic.quic.events import ConnectionTerminated, DatagramFrameReceived, HandshakeCompleted, StopSendingReceived
from aioquic.quic.events import StreamDataReceived, StreamReset
from aioquic.quic.packet import QuicFrameType, QuicProtocolVersion
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import Hash
from cryptography.hazmat.primitives.serialization import Encoding

from . import frames
from .frames import Code, Violation
from .pairing import EXPORTER_LABEL, Channel

ALPN = "p2p-comm/1"
SNI = "peer.invalid"
IDLE = 45
WINDOW_BEFORE = 16 * 1024
WINDOW_AFTER = 8 * 1024 * 1024
UNIDIRECTIONAL_AFTER = 16
DATAGRAM_CAP = 1200
VALID = datetime.datetime(2000, 1, 1), datetime.datetime(4000, 1, 1)


class Closed(Exception):
    """The connection ended. `code` is what the side that closed it said; None when QUIC itself gave up."""

    def __init__(self, event):
        self.code = event.error_code if event.frame_type is None else None
        super().__init__(f"closed with code {event.error_code} {event.reason_phrase}".strip())


class Ended(Exception):
    """The other side finished or reset the stream."""


class Certificate:
    """A self-signed certificate that says nothing about its owner. Ed25519 needs no `algorithm` to hash with."""

    def __init__(self, key=None, algorithm=None):
        self.key = key or Ed25519PrivateKey.generate()
        nobody = x509.Name([])
        builder = x509.CertificateBuilder(nobody, nobody, self.key.public_key(), x509.random_serial_number(), *VALID)
        self.x509 = builder.sign(self.key, algorithm)


class Quic(QuicConnection):
    """A QUIC connection under the rules that hold before confirmation."""

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.exporter_secret = None
        # Session tickets and NEW_TOKENs, should a listener hand any out against the rules.
        self.tickets = []
        if self._is_client:
            self._session_ticket_handler = self._token_handler = self.tickets.append
        bidirectional = 0 if self._is_client else 1
        self._local_max_streams_bidi = Limit(QuicFrameType.MAX_STREAMS_BIDI, "max_streams_bidi", bidirectional)
        self._local_max_streams_uni = Limit(QuicFrameType.MAX_STREAMS_UNI, "max_streams_uni", 0)

    def granted(self):
        """What the other side lets us do: bidirectional streams, unidirectional ones, bytes."""
        return self._remote_max_streams_bidi, self._remote_max_streams_uni, self._remote_max_data

    def was_retried(self):
        """Whether the listener made us prove our address."""
        return self._retry_count > 0

    def open_up(self):
        """Grants what a confirmed connection gets."""
        self._local_max_streams_uni.value = UNIDIRECTIONAL_AFTER
        self._local_max_data.value = WINDOW_AFTER

    def export(self, label, length):
        """RFC 8446, section 7.5, with an empty context."""
        algorithm = self.tls.key_schedule.algorithm
        empty = Hash(algorithm).finalize()
        secret = tls.hkdf_expand_label(algorithm, self.exporter_secret, label, empty, algorithm.digest_size)
        return tls.hkdf_expand_label(algorithm, secret, b"exporter", empty, length)

    def channel(self):
        own, other = self.tls.certificate, self.tls._peer_certificate
        if other is None or self.tls._peer_certificate_chain:
            raise Violation("not exactly one certificate")
        certificates = (own, other) if self._is_client else (other, own)
        digests = tuple(hashlib.sha256(one.public_bytes(Encoding.DER)).digest() for one in certificates)
        if digests[0] == digests[1]:
            raise Violation("our own certificate", Code.OWN_ADDRESS)
        return Channel(digests, self.export(EXPORTER_LABEL, 32))

    def _initialize(self, peer_cid):
        super()._initialize(peer_cid)
        self.tls._request_client_certificate = not self._is_client
        self.tls._signature_algorithms = [tls.SignatureAlgorithm.ED25519]
        self.tls._supported_groups = [tls.Group.X25519]

    def _update_traffic_key(self, direction, epoch, cipher_suite, secret):
        # The first of the two keys comes when the transcript ends with the server's Finished, as the exporter's must.
        if epoch is tls.Epoch.ONE_RTT and self.exporter_secret is None:
            self.exporter_secret = self.tls.key_schedule.derive_secret(b"exp master")
        super()._update_traffic_key(direction, epoch, cipher_suite, secret)


class Insistent(Quic):
    """Shows its certificate even when the listener did not ask for one of its kind."""

    def _update_traffic_key(self, direction, epoch, cipher_suite, secret):
        super()._update_traffic_key(direction, epoch, cipher_suite, secret)
        if epoch is tls.Epoch.ONE_RTT:
            self.tls._certificate_request.signature_algorithms.append(tls.SignatureAlgorithm.ECDSA_SECP256R1_SHA256)


# The server offers no other way to choose the class of its connections.
aioquic_server.QuicConnection = Quic


class Stream:
    """One stream of frames."""

    def __init__(self, connection, number):
        self._connection = connection
        self.number = number
        self._reader = asyncio.StreamReader()
        self._whole = False
        self.refused = asyncio.get_running_loop().create_future()

    async def receive(self, cap=frames.CAP):
        """The body of the next frame. What arrived before the end is read before the end is told."""
        try:
            length = frames.decode_length(await self._reader.readexactly(frames.LENGTH), cap)
            return await self._reader.readexactly(length)
        except asyncio.IncompleteReadError:
            if self._connection.ended.done():
                raise Closed(self._connection.ended.result()) from None
            raise Ended from None

    def send(self, body):
        self.send_bytes(frames.encode(body))

    def send_bytes(self, data):
        self._connection.write(self.number, data)

    def finish(self):
        if not self.refused.done():
            self._connection.write(self.number, b"", finish=True)

    def refuse(self, code):
        self._connection.refuse(self.number, code)

    def feed(self, data, end):
        if self._whole:
            return
        self._reader.feed_data(data)
        if end:
            self._whole = True
            self._reader.feed_eof()


class Connection(QuicConnectionProtocol):
    """A connection and its streams. As a context: closed at its end, with the code of a violation or BYE."""

    def __init__(self, quic, stream_handler=None, accepted=None):
        super().__init__(quic)
        self.incoming = asyncio.Queue()
        self.datagrams = asyncio.Queue()
        self.ended = asyncio.get_running_loop().create_future()
        self._accepted = accepted
        self._streams = {}

    async def __aenter__(self):
        return self

    async def __aexit__(self, _kind, error, _trace):
        self.close(error.code if isinstance(error, Violation) else Code.BYE)

    def open(self, unidirectional=True):
        number = self._quic.get_next_available_stream_id(unidirectional)
        # Takes the number even when the other side does not let us open the stream yet.
        self._quic.send_stream_data(number, b"")
        return self._stream(number)

    async def accept(self):
        """The next stream that the other side opens."""
        return await self.until_ended(self.incoming.get())

    def send_datagram(self, data):
        self._quic.send_datagram_frame(data)
        self.transmit()

    async def receive_datagram(self):
        return await self.until_ended(self.datagrams.get())

    async def until_ended(self, waited_for):
        """What `waited_for` gives, unless the connection ends first."""
        task = asyncio.ensure_future(waited_for)
        try:
            await asyncio.wait({task, self.ended}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Closed(self.ended.result())
        finally:
            task.cancel()

    @property
    def quic(self):
        return self._quic

    def peer_address(self):
        """The other side's, as a string."""
        host, port = self._quic.get_peer_address()[:2]
        return f"{host}:{port}"

    def confirmed(self):
        self._quic.open_up()
        self.transmit()

    def write(self, number, data, finish=False):
        self._quic.send_stream_data(number, data, finish)
        self.transmit()

    def refuse(self, number, code):
        self._quic.stop_stream(number, code)
        self.transmit()

    def quic_event_received(self, event):
        match event:
            case HandshakeCompleted() if self._accepted is not None:
                self._accepted.put_nowait(self)
            case StreamDataReceived(data, end, number):
                known = number in self._streams
                stream = self._stream(number)
                stream.feed(data, end)
                if not known:
                    self.incoming.put_nowait(stream)
            case DatagramFrameReceived(data):
                self.datagrams.put_nowait(data)
            case StreamReset(_, number) if number in self._streams:
                self._streams[number].feed(b"", end=True)
            case StopSendingReceived(code, number) if number in self._streams:
                self._streams[number].refused.set_result(code)
            case ConnectionTerminated():
                self.ended.set_result(event)
                for stream in self._streams.values():
                    stream.feed(b"", end=True)

    def _stream(self, number):
        return self._streams.setdefault(number, Stream(self, number))


@asynccontextmanager
async def dial(address, certificate, source, kind=Quic, **changes):
    """A connection to `address` from the local address `source`, as soon as TLS has been spoken.

    Those who break the rules use another `kind` of connection or make `changes` to its configuration.
    """
    quic = kind(configuration=replace(configuration(certificate, is_client=True), **changes))
    loop = asyncio.get_running_loop()
    transport, connection = await loop.create_datagram_endpoint(lambda: Connection(quic), local_addr=(source, 0))
    try:
        async with connection:
            connection.connect(address)
            await connection.wait_connected()
            yield connection
    finally:
        transport.close()


@asynccontextmanager
async def listen(address, certificate):
    """A queue of the connections that arrive at `address`."""
    accepted = asyncio.Queue()
    server = await serve(
        *address,
        configuration=configuration(certificate, is_client=False),
        create_protocol=lambda quic, stream_handler: Connection(quic, accepted=accepted),
        retry=True,
    )
    try:
        yield accepted
    finally:
        server.close()


def configuration(certificate, is_client):
    return QuicConfiguration(
        is_client=is_client,
        alpn_protocols=[ALPN],
        server_name=SNI,
        supported_versions=[QuicProtocolVersion.VERSION_1],
        idle_timeout=IDLE,
        max_data=WINDOW_BEFORE,
        max_datagram_frame_size=DATAGRAM_CAP,
        certificate=certificate.x509,
        private_key=certificate.key,
        # Any certificate is good; aioquic checks its owner's signature all the same.
        verify_mode=ssl.CERT_NONE,
    )
