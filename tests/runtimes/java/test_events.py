"""The classes of aws-lambda-java-events, whose JSON has names of its own."""

import pytest


@pytest.fixture
def back(call):
    """Give an event to a handler that gives it back."""

    def echo(name, event):
        answer = call(f"example.Events::{name}", event, folder="events")
        assert not answer.failed, answer.value
        return answer.value

    return echo


def test_an_sqs_event_has_its_records(back):
    event = {
        "Records": [
            {
                "messageId": "1",
                "body": "b",
                "md5OfBody": "m",
                "eventSourceARN": "arn",
                "messageAttributes": {"a": {"binaryValue": "AQI=", "dataType": "Binary"}},
            }
        ]
    }
    assert back("sqs", event) == event


def test_an_sns_event_has_names_with_capitals(back):
    event = {
        "Records": [
            {
                "EventSource": "aws:sns",
                "Sns": {
                    "MessageId": "1",
                    "TopicArn": "arn",
                    "SigningCertUrl": "url",
                    "Message": "hello",
                },
            }
        ]
    }
    assert back("sns", event) == event


def test_an_s3_event_is_made_by_its_constructors(back):
    event = {
        "Records": [
            {
                "awsRegion": "us-east-1",
                "eventName": "ObjectCreated:Put",
                "eventSource": "aws:s3",
                "eventTime": "2024-02-29T12:34:56.789Z",
                "eventVersion": "2.1",
                "requestParameters": {"sourceIPAddress": "127.0.0.1"},
                "responseElements": {"x-amz-id-2": "two", "x-amz-request-id": "one"},
                "s3": {
                    "configurationId": "c",
                    "bucket": {
                        "name": "b",
                        "ownerIdentity": {"principalId": "o"},
                        "arn": "arn:aws:s3:::b",
                    },
                    "object": {
                        "key": "k",
                        "size": 5_000_000_000,
                        "eTag": "e",
                        "versionId": "v",
                        "sequencer": "s",
                    },
                    "s3SchemaVersion": "1.0",
                },
                "userIdentity": {"principalId": "p"},
            }
        ]
    }
    assert back("s3", event) == event


def test_texts_that_an_s3_event_lacks_are_empty(back):
    event = {"Records": [{"s3": {"object": {"key": "k"}}}]}
    (record,) = back("s3", event)["Records"]
    assert record["awsRegion"] == ""
    assert record["s3"]["object"] == {
        "key": "k",
        "size": 0,
        "eTag": "",
        "versionId": "",
        "sequencer": "",
    }


def test_a_dynamodb_event_has_attribute_values(back):
    event = {
        "Records": [
            {
                "eventID": "1",
                "eventName": "INSERT",
                "eventSourceARN": "arn",
                "dynamodb": {
                    "ApproximateCreationDateTime": 1700000000.5,
                    "Keys": {"id": {"N": "1"}},
                    "NewImage": {
                        "text": {"S": "s"},
                        "flag": {"BOOL": True},
                        "none": {"NULL": True},
                        "set": {"SS": ["a"]},
                        "bytes": {"B": "AQI="},
                        "list": {"L": [{"M": {"a": {"S": "deep"}}}]},
                    },
                    "SizeBytes": 10,
                },
            }
        ]
    }
    assert back("dynamodb", event) == event


def test_dates_of_events_are_in_seconds(back):
    event = {"Records": [{"dynamodb": {"ApproximateCreationDateTime": 1700000000}}]}
    assert back("seconds", event) == 1_700_000_000_000


def test_a_scheduled_event_has_a_date_of_joda(back):
    event = {"detail-type": "Scheduled Event", "time": "2024-02-29T12:34:56Z", "detail": {"a": 1}}
    assert back("scheduled", event) == {**event, "time": "2024-02-29T12:34:56.000Z"}


def test_a_custom_resource_has_a_response_url(back):
    event = {
        "RequestType": "Create",
        "ResponseURL": "https://example.com",
        "ResourceProperties": {"a": "b"},
    }
    assert back("resource", event) == event
