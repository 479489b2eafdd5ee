"""How `trappa serve` stands in the net."""

import pytest

from engine import Refused
from web.server import behind


def test_no_proxy_is_believed_unless_it_is_named() -> None:
    assert behind("") == {"clear_untrusted_proxy_headers": True}


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.7", "::1"])
def test_one_proxy_is_believed_in_what_it_says_of_who_asks(address: str) -> None:
    known = behind(address)
    assert known["trusted_proxy"] == address
    assert known["trusted_proxy_count"] == 1
    assert known["clear_untrusted_proxy_headers"]
    assert known["trusted_proxy_headers"] == {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}


@pytest.mark.parametrize("address", ["*", "proxy.example.org", "10.0.0.0/8", "127.0.0.1, 10.0.0.7"])
def test_anything_but_one_address_is_refused_in_a_sentence(address: str) -> None:
    with pytest.raises(Refused, match="one IP address"):
        behind(address)
