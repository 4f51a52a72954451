package lz4block
import ("testing";"bytes";"github.com/pierrec/lz4/v4";"math/rand/v2")
func TestQuick(t *testing.T){
	r:=rand.New(rand.NewPCG(1,2))
	for i:=0;i<20000;i++{
		n:=r.IntN(1<<r.IntN(17)+1)
		if i%500==0 {n=r.IntN(1<<21)}
		for _,k:=range kinds{ src:=generate(k,uint64(i),n)
			dst:=make([]byte,Bound(n)); c:=Encode(dst,src)
			out:=make([]byte,n); m,err:=lz4.UncompressBlock(dst[:c],out)
			if n>0 &&( err!=nil||m!=n||!bytes.Equal(out,src)){t.Fatal("pierrec",k,i,n,m,err)}
			clear(out)
			m,err=Decode(out,dst[:c])
			if err!=nil||m!=n||!bytes.Equal(out,src){t.Fatal("ours",k,i,n,m,err)}
			clear(out)
			m,err=decodePortable(out,dst[:c])
			if err!=nil||m!=n||!bytes.Equal(out,src){t.Fatal("portable",k,i,n,m,err)}
			c=encodePortable(dst,src)
			clear(out)
			m,err=Decode(out,dst[:c])
			if err!=nil||m!=n||!bytes.Equal(out,src){t.Fatal("ours of pierrec",k,i,n,m,err)}
		}
		if i==2000{break}
	}
}
