package example;

import com.amazonaws.services.lambda.runtime.events.CloudFormationCustomResourceEvent;
import com.amazonaws.services.lambda.runtime.events.DynamodbEvent;
import com.amazonaws.services.lambda.runtime.events.S3Event;
import com.amazonaws.services.lambda.runtime.events.SNSEvent;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import com.amazonaws.services.lambda.runtime.events.ScheduledEvent;

/** Handlers that give back what they got. */
public class Events {
    public SQSEvent sqs(SQSEvent event) {
        return event;
    }

    public SNSEvent sns(SNSEvent event) {
        return event;
    }

    public S3Event s3(S3Event event) {
        return event;
    }

    public DynamodbEvent dynamodb(DynamodbEvent event) {
        return event;
    }

    public long seconds(DynamodbEvent event) {
        return event.getRecords().get(0).getDynamodb().getApproximateCreationDateTime().getTime();
    }

    public ScheduledEvent scheduled(ScheduledEvent event) {
        return event;
    }

    public CloudFormationCustomResourceEvent resource(CloudFormationCustomResourceEvent event) {
        return event;
    }
}
