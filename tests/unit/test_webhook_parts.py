"""Signatures, the schedule, and which addresses are private: without a database."""

import ipaddress
from random import Random
from typing import Any

import pytest

from runs.webhooks import signing
from runs.webhooks.addresses import BadAddress, check_url, is_private
from runs.webhooks.schedule import WAITS, next_try


def test_the_signature_is_the_one_of_the_standards_example() -> None:
    """The example of the Standard Webhooks specification, and of its libraries."""
    key = signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert key is not None
    signed = signing.signature(
        key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!", "secret", "whsec_c2hvcnQ="])
def test_what_is_no_secret_has_no_key(secret: str) -> None:
    assert signing.key_of(secret) is None
    assert signing.key_of(signing.new_secret()) is not None


def test_the_schedule_takes_about_three_days_with_some_chance() -> None:
    waits = [next_try(n, Random(n)) for n in range(1, len(WAITS) + 2)]
    assert waits[-1] is None
    found = [one for one in waits if one is not None]
    assert 65 < sum(found) / 3600 < 86
    assert all(0.9 * w <= f <= 1.1 * w for w, f in zip(WAITS, found, strict=True))
    assert next_try(1, Random(1)) != next_try(1, Random(2))


PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.100.100.200",
    "0.0.0.0", "255.255.255.255", "224.0.0.1", "168.63.129.16", "::", "::1", "fe80::1", "fd00::1",
    "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
    "2002:7f00:1::", "2001:0:1::1", "ff02::1",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_this_machine_its_network_or_cloud_is_private(address: str) -> None:
    assert is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_a_public_address_is_not(address: str) -> None:
    assert not is_private(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a.example/", "https://", "//a.example", "https://u:p@a.example/", "https://a b/",
     "https://a.example/#x", "https://a.example:99999/", "https://a.example\\@b/", "http://[::1]/",
     "http://127.0.0.1/", "http://localhost:8000/", "http://169.254.169.254/latest/",
     "http://a.localhost/", "https://a.example/" + "x" * 2000, "http://[::ffff:10.0.0.1]/",
     "https://a.example:0/", "http://[fe80::1%25eth0]/"],
)  # fmt: skip
def test_an_address_that_no_webhook_may_have_is_refused_with_a_hint(
    url: str, settings: Any
) -> None:
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = []
    with pytest.raises(BadAddress) as told:
        check_url(url)
    assert told.value.hint


def test_networks_of_the_setting_are_allowed(settings: Any) -> None:
    settings.MAVERICK_WEBHOOKS_ALLOW_PRIVATE = ["10.1.0.0/16"]
    check_url("http://10.1.2.3/")
    check_url("http://[::ffff:10.1.2.3]/")
    with pytest.raises(BadAddress):
        check_url("http://10.2.0.1/")
