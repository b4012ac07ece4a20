"""Amazon SNS with boto3: who must confirm a subscription, who may end it, and take that back."""

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest

from tests.e2e.callers import allow, document, new_account, new_user
from tests.e2e.conftest import create, eventually
from tests.e2e.queues import new_queue, receive
from tests.e2e.topics import Endpoint, code, new_topic, subscribed, verify

THEIRS = "666655554443"


@pytest.fixture(scope="module")
def sns(server):
    return server.client("sns")


@pytest.fixture(scope="module")
def sqs(server):
    return server.client("sqs")


@pytest.fixture(scope="module")
def root(server):
    """Signs as the root user of another account."""
    return new_account(server, THEIRS)


@pytest.fixture
def endpoint():
    made = Endpoint()
    yield made
    made.close()


def next_of(endpoint):
    """Take what an endpoint got: its headers and the document."""
    eventually(lambda: endpoint.got, "the endpoint got something")
    headers, body = endpoint.got.pop(0)
    return headers, json.loads(body)


def confirmed(sns, topic, endpoint):
    """Subscribe an endpoint, and confirm it by the link; return the subscription's ARN."""
    answer = sns.subscribe(
        TopicArn=topic, Protocol="http", Endpoint=endpoint.url, ReturnSubscriptionArn=True
    )
    urllib.request.urlopen(next_of(endpoint)[1]["SubscribeURL"]).close()
    return answer["SubscriptionArn"]


def test_a_queue_of_another_account_confirms_with_the_token_that_it_gets(server, sns, root):
    topic = new_topic(sns)
    theirs = server.client("sqs", **root)
    url, arn = new_queue(theirs)
    policy = document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
    )
    theirs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    answer = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    assert answer["SubscriptionArn"] == "pending confirmation"
    (message,) = receive(theirs, url)
    asked = json.loads(message["Body"])
    assert asked["Type"] == "SubscriptionConfirmation"
    verify(asked, confirmation=True)
    sns.publish(TopicArn=topic, Message="too early")
    token = {"TopicArn": topic, "Token": asked["Token"]}
    nobody = server.client("sns", **new_user(server, root=root))
    assert code(nobody.confirm_subscription, **token)[0] == "AuthorizationError"
    reader = new_user(server, allow("sns:ConfirmSubscription", on=topic), root=root)
    somebody = server.client("sns", **reader)
    guessed = code(somebody.confirm_subscription, TopicArn=topic, Token="guessed")
    assert guessed[0] == "AuthorizationError"
    subscription = somebody.confirm_subscription(**token)["SubscriptionArn"]
    assert somebody.confirm_subscription(**token)["SubscriptionArn"] == subscription
    sns.publish(TopicArn=topic, Message="now")
    (message,) = receive(theirs, url)
    assert json.loads(message["Body"])["Message"] == "now"


def test_a_function_of_another_account_is_asked_by_an_event(server, sns, functions, logs):
    # The function is here, and the topic there.
    name = create(
        functions,
        "def handler(event, context):\n    print('GOT', __import__('json').dumps(event))\n",
    )
    root = new_account(server, "666655554442")
    there = server.client("sns", **root)
    topic = new_topic(there)
    functions.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    answer = there.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    assert answer["SubscriptionArn"] == "pending confirmation"

    def got():
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return None
        return [each["message"] for each in events if "GOT" in each["message"]]

    eventually(got, "the function was asked")
    (record,) = json.loads(got()[0].partition("GOT ")[2])["Records"]
    assert record["Sns"]["Type"] == "SubscriptionConfirmation"
    sns.confirm_subscription(TopicArn=topic, Token=record["Sns"]["Token"])
    there.publish(TopicArn=topic, Message="hello")
    eventually(lambda: len(got() or ()) == 2, "the function got the message")


def test_an_account_subscribes_its_own_queue_where_the_topic_lets_it(server, sns, root):
    topic = new_topic(sns)
    _, arn = new_queue(server.client("sqs", **root))
    theirs = server.client("sns", **root)
    wanted = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}
    assert code(theirs.subscribe, **wanted)[0] == "AuthorizationError"
    sns.add_permission(
        TopicArn=topic, Label="theirs", AWSAccountId=[THEIRS], ActionName=["Subscribe"]
    )
    subscription = theirs.subscribe(**wanted)["SubscriptionArn"]
    (told,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (told["SubscriptionArn"], told["Owner"]) == (subscription, THEIRS)
    # It is theirs, also where the topic is not.
    mine = (
        "AuthorizationError",
        "Not authorized to access this subscription",
    )
    assert code(sns.get_subscription_attributes, SubscriptionArn=subscription) == mine
    change = {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"}
    assert code(sns.set_subscription_attributes, SubscriptionArn=subscription, **change) == mine
    theirs.set_subscription_attributes(SubscriptionArn=subscription, **change)
    told = theirs.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert told["RawMessageDelivery"] == "true"
    assert told["SubscriptionPrincipal"] == f"arn:aws:iam::{THEIRS}:root"
    theirs.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_what_is_about_subscriptions_takes_permission_on_all_of_the_account(server, sns, sqs):
    topic = new_topic(sns)
    _, subscription = subscribed(sns, sqs, topic)
    operations = ("sns:Unsubscribe", "sns:GetSubscriptionAttributes", "sns:ListTopics")
    some = server.client("sns", **new_user(server, allow(*operations, on=topic)))
    region, account = topic.split(":")[3:5]
    wanted = {"SubscriptionArn": subscription}
    for call, members in (
        (some.unsubscribe, wanted),
        (some.get_subscription_attributes, wanted),
        (some.list_topics, {}),
    ):
        found = code(call, **members)
        assert found[0] == "AuthorizationError"
        assert f"on resource: arn:aws:sns:{region}:{account}:* " in found[1]
    everything = f"arn:aws:sns:{region}:{account}:*"
    more = server.client("sns", **new_user(server, allow(*operations, on=everything)))
    assert more.get_subscription_attributes(**wanted)["Attributes"]["TopicArn"] == topic
    more.unsubscribe(**wanted)


def test_an_endpoint_is_told_that_it_was_unsubscribed_and_can_take_it_back(sns, endpoint):
    topic = new_topic(sns)
    subscription = confirmed(sns, topic, endpoint)
    sns.publish(TopicArn=topic, Message="first")
    _, notification = next_of(endpoint)
    urllib.request.urlopen(notification["UnsubscribeURL"]).close()
    headers, told = next_of(endpoint)
    assert headers["x-amz-sns-message-type"] == told["Type"] == "UnsubscribeConfirmation"
    assert headers["x-amz-sns-subscription-arn"] == subscription
    assert subscription in told["Message"]
    verify(told, confirmation=True)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
    assert code(sns.get_subscription_attributes, SubscriptionArn=subscription)[0] == "NotFound"
    sns.publish(TopicArn=topic, Message="nobody hears this")
    urllib.request.urlopen(told["SubscribeURL"]).close()
    (back,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert back["SubscriptionArn"] == subscription
    sns.publish(TopicArn=topic, Message="second")
    assert next_of(endpoint)[1]["Message"] == "second"
    assert endpoint.got == []


def test_who_subscribes_anew_is_not_subscribed_twice(sns, endpoint):
    topic = new_topic(sns)
    first = confirmed(sns, topic, endpoint)
    sns.unsubscribe(SubscriptionArn=first)
    _, told = next_of(endpoint)
    second = confirmed(sns, topic, endpoint)
    assert second != first
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(told["SubscribeURL"])
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


def test_a_guarded_subscription_is_ended_by_its_owner_or_the_topic_s_only(
    server, sns, root, endpoint
):
    topic = new_topic(sns)
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint.url)
    _, asked = next_of(endpoint)
    subscription = sns.confirm_subscription(
        TopicArn=topic, Token=asked["Token"], AuthenticateOnUnsubscribe="true"
    )["SubscriptionArn"]
    told = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert told["ConfirmationWasAuthenticated"] == "true"
    sns.publish(TopicArn=topic, Message="m")
    link = next_of(endpoint)[1]["UnsubscribeURL"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(link)
    assert caught.value.code == 403
    theirs = server.client("sns", **root)
    found = code(theirs.unsubscribe, SubscriptionArn=subscription)
    assert found[0] == "AuthorizationError"
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []
