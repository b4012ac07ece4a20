package com.amazonaws.services.lambda.runtime.events;

import com.amazonaws.services.lambda.runtime.events.models.dynamodb.Record;
import java.util.List;

/** Has the members of AWS's class. */
public class DynamodbEvent {
    public static class DynamodbStreamRecord extends Record {
        private String eventSourceARN;

        public String getEventSourceARN() {
            return eventSourceARN;
        }

        public void setEventSourceARN(String eventSourceARN) {
            this.eventSourceARN = eventSourceARN;
        }
    }

    private List<DynamodbStreamRecord> records;

    public List<DynamodbStreamRecord> getRecords() {
        return records;
    }

    public void setRecords(List<DynamodbStreamRecord> records) {
        this.records = records;
    }
}
