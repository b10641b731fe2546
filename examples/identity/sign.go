package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"os"
)

func sign(userID string) string {
	mac := hmac.New(sha256.New, []byte(os.Getenv("AIRHOP_IDENTITY_SECRET")))
	mac.Write([]byte(userID))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

func main() { fmt.Println(sign(os.Args[1])) }
