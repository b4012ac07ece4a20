package com.amazonaws.services.lambda.runtime.events.models.dynamodb;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/** Has the members of AWS's class. */
public class AttributeValue {
    private String s;
    private String n;
    private ByteBuffer b;
    private List<String> sS;
    private Map<String, AttributeValue> m;
    private List<AttributeValue> l;
    private Boolean bOOL;
    private Boolean nULLValue;

    public String getS() {
        return s;
    }

    public void setS(String s) {
        this.s = s;
    }

    public String getN() {
        return n;
    }

    public void setN(String n) {
        this.n = n;
    }

    public ByteBuffer getB() {
        return b;
    }

    public void setB(ByteBuffer b) {
        this.b = b;
    }

    public List<String> getSS() {
        return sS;
    }

    public void setSS(List<String> sS) {
        this.sS = sS;
    }

    public Map<String, AttributeValue> getM() {
        return m;
    }

    public void setM(Map<String, AttributeValue> m) {
        this.m = m;
    }

    public List<AttributeValue> getL() {
        return l;
    }

    public void setL(List<AttributeValue> l) {
        this.l = l;
    }

    public Boolean getBOOL() {
        return bOOL;
    }

    public void setBOOL(Boolean bOOL) {
        this.bOOL = bOOL;
    }

    public Boolean isNULL() {
        return nULLValue;
    }

    public void setNULL(Boolean nULLValue) {
        this.nULLValue = nULLValue;
    }
}
