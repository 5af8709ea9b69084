from onboard.bus import NEVER_NS, Bus


def test_a_topic_is_the_same_object_for_all() -> None:
    bus = Bus()
    assert bus.topic("imu") is bus.topic("imu")
    assert bus.topic("imu") is not bus.topic("legs")
    assert bus.names() == ["imu", "legs"]


def test_unpublished_is_never_fresh() -> None:
    topic = Bus().topic("imu")
    assert topic.value is None
    assert topic.sequence == 0
    assert topic.time_ns == NEVER_NS
    assert not topic.fresh(0, 100 * 365 * 86_400 * 10**9)


def test_age_and_sequence() -> None:
    topic = Bus().topic("imu")
    topic.publish("first", 1_000)
    topic.publish("second", 3_000)
    assert (topic.value, topic.sequence) == ("second", 2)
    assert topic.age_ns(10_000) == 7_000
    assert topic.fresh(10_000, 7_000)
    assert not topic.fresh(10_001, 7_000)
