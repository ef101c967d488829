package simulate

func chinese() language {
	return language{
		code: "zh_CN", weight: 16, dial: "+861390", channelID: "6531290188", price: "¥%d.00",
		names:    []string{"王伟", "李娜", "张敏", "陈小明", "刘洋", "欧阳雪", "黄志强", "赵静"},
		cities:   []city{{"上海", 31.2304, 121.4737}, {"北京", 39.9042, 116.4074}, {"深圳", 22.5431, 114.0579}, {"成都", 30.5728, 104.0668}},
		streets:  []string{"南京东路100号", "中关村大街27号3单元502室", "深南大道9678号"},
		products: []string{"极光手机5", "舒适沙发", "空气净化器", "家庭流量套餐60GB"},

		footer:     "回复 TD 退订",
		optOut:     "退订",
		inbound:    []string{"你好，在吗？", "请问订单{order}到哪里了？", "刚才有个未接来电", "这是什么？"},
		greetings:  []string{"您好{name}！我是智能助手小艾。", "{name}您好，感谢您的咨询。"},
		reminder:   "{name}您好，我们还在等待您的回复。",
		acks:       []string{"好的，已记录。", "收到！", "已经为您更新。", "请稍等…", "明白了 👍"},
		farewells:  []string{"感谢您，{name}，祝您生活愉快！", "本次服务到此结束，再见！"},
		thanks:     []string{"谢谢", "好的谢谢", "非常感谢！", "👌", "再见"},
		askPhoto:   []string{"麻烦您发一张照片。", "请上传证件或一段语音。"},
		askPlace:   []string{"请分享您的位置。", "我们应该送到哪里？"},
		askContact: []string{"还可以联系哪位？", "您不在家时由谁签收？"},
		handouts:   []string{"详细资料如下：", "这是{product}的介绍。", "请您查看👇"},
		askTime:    "您希望什么时间？",
		days:       []string{"星期一", "星期二", "星期三"},
		choose:     "查看选项",
		askHelp:    "请问有什么可以帮您？",
		menu: []section{
			{"订单", []row{{title: "查询物流", description: "订单{order}"}, {title: "申请退货"}, {title: "其他", description: "订单问题"}}},
			{"账户", []row{{title: "更换手机号"}, {title: "查询余额"}, {title: "其他", description: "账户问题"}}},
		},
		handOver: "正在为您转接人工客服，请稍候。",
		agent:    []string{"{name}您好，我是客服小李，请问有什么可以帮您？", "我帮您查一下。", "已经看到订单{order}。", "请确认一下日期：{date}，对吗？", "已转给{city}的同事处理。", "让您久等了！"},
		toAgent:  []string{"转人工", "还是不行", "对的", "要多久？", "我上周已经付了{amount}", "没关系"},
		agentEnd: "问题已解决，那我先结束会话了。",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"尊敬的{name}，您有一笔{amount}的账单将于{date}到期。", "{name}您好，您购买{product}的分期{amount}自{date}起已逾期。"},
				buttons:  []string{"立即还款", "已还款"},
				talk:     []exchange{{"请问您什么时候可以还款{amount}？", []string{"{date}吧", "下周发工资以后", "能不能分期？", "明天上午"}}, {"请问逾期的原因是什么？", []string{"住院了", "工资还没发", "忘记了，不好意思", "我没有买过这个！"}}},
				choices:  []exchange{{"请选择付款方式👉👉👉", []string{"银行转账", "信用卡", "便利店"}}, {"需要提前一天提醒您吗？", []string{"需要", "不需要"}}},
			},
			delivery: {
				openings: [2]string{"好消息！{name}，您的订单{order}将于{date}送达。", "{name}您好，我们将于{date}在{city}上门取退货{order}。"},
				buttons:  []string{"我在家", "改日期"},
				talk:     []exchange{{"包裹可以放在哪里？", []string{"放邻居家", "放前台", "先打电话"}}, {"您一共有几个包裹？", []string{"一个", "2", "两三个吧"}}},
				choices:  []exchange{{"{city}的地址还对吗？", []string{"对", "已经换了"}}},
			},
			visit: {
				openings: [2]string{"{name}您好，您在{city}的预约时间是{date}，请确认。", "{name}您好，我们将于{date}举办聚会，欢迎参加！"},
				buttons:  []string{"确认", "换一天"},
				talk:     []exchange{{"有人和您一起来吗？", []string{"和太太一起", "就我自己", "带两个孩子"}}, {"还有什么需要提前告诉我们的吗？", []string{"吃素", "没有", "可能晚到10分钟"}}},
				choices:  []exchange{{"请选择您的性别(button)👉👉👉", []string{"男", "女", "其他"}}, {"您怎么过来？", []string{"开车", "地铁", "步行"}}},
			},
			opinion: {
				openings: [2]string{"{name}您好，您对我们的服务满意吗？只需一分钟。", "{name}您好，您最近购买了{product}，愿意推荐给朋友吗？"},
				buttons:  []string{"开始", "以后再说"},
				talk:     []exchange{{"您最满意的是什么？", []string{"服务态度好", "送货快", "一般般"}}, {"我们哪里需要改进？", []string{"客服回复太慢", "100%满意", "{city}的运费太贵"}}},
				choices:  []exchange{{"请给我们打分", []string{"非常满意", "一般", "不满意"}}},
			},
			sales: {
				openings: [2]string{"{name}，全新{product}上市！{amount}起，仅限{date}之前。", "尊敬的{name}，您已获得最高{amount}的贷款额度。"},
				buttons:  []string{"了解详情", "不感兴趣"},
				talk:     []exchange{{"您想了解{product}的哪些方面？", []string{"每月多少钱？", "有哪些颜色？", "有保修吗？"}}, {"顾问可以给您打电话吗？", []string{"可以，晚上六点以后", "发消息就行", "明天打给我"}}},
				choices:  []exchange{{"您更喜欢哪个套餐？", []string{"基础版", "升级版", "尊享版"}}},
			},
			identity: {
				openings: [2]string{"尊敬的{name}，请在{date}前完成身份认证。", "{name}您好，好久不见！请在{date}前重新激活您的账户。"},
				buttons:  []string{"去认证", "以后再说"},
				talk:     []exchange{{"您的出生地是哪里？", []string{"{city}", "{city}附近", "为什么问这个？"}}, {"请输入证件上的姓名。", []string{"{name}", "和账户里的一样"}}},
				choices:  []exchange{{"您手边有哪种证件？", []string{"身份证", "护照", "驾驶证"}}},
			},
		},
	}
}

func arabic() language {
	return language{
		code: "ar", weight: 4, dial: "+96650", channelID: "971543210087", price: "%d ر.س",
		names:    []string{"محمد العتيبي", "فاطمة الزهراء", "خالد بن سعيد", "نورة القحطاني"},
		cities:   []city{{"الرياض", 24.7136, 46.6753}, {"دبي", 25.2048, 55.2708}, {"القاهرة", 30.0444, 31.2357}},
		streets:  []string{"شارع الملك فهد ١٢", "حي النخيل، مبنى 7"},
		products: []string{"هاتف أورورا 5", "باقة العائلة 60 GB"},

		footer:     "أرسل STOP لإلغاء الاشتراك",
		optOut:     "إلغاء الاشتراك",
		inbound:    []string{"السلام عليكم", "أين طلبي {order}؟"},
		greetings:  []string{"أهلاً {name}! أنا مساعدك الافتراضي.", "مرحباً {name}، شكراً لتواصلك معنا."},
		reminder:   "مرحباً {name}، ما زلنا ننتظر ردك.",
		acks:       []string{"شكراً، تم التسجيل.", "تمام!", "لحظة من فضلك…"},
		farewells:  []string{"شكراً {name}، نتمنى لك يوماً سعيداً!", "مع السلامة!"},
		thanks:     []string{"شكراً", "شكرًا جزيلاً", "تمام 👍"},
		askPhoto:   []string{"هل يمكنك إرسال صورة؟"},
		askPlace:   []string{"يرجى مشاركة موقعك."},
		askContact: []string{"من يمكننا التواصل معه أيضاً؟"},
		handouts:   []string{"إليك التفاصيل:", "مرفق معلومات عن {product}."},
		askTime:    "ما الوقت المناسب لك؟",
		days:       []string{"الأحد", "الاثنين", "الثلاثاء"},
		choose:     "عرض الخيارات",
		askHelp:    "كيف يمكننا مساعدتك؟",
		menu: []section{
			{"الطلبات", []row{{title: "تتبع الطلب", description: "{order}"}, {title: "أخرى"}}},
			{"الحساب", []row{{title: "رصيدي"}, {title: "أخرى"}}},
		},
		handOver: "سأحولك إلى أحد الموظفين.",
		agent:    []string{"مرحباً {name}، معك سارة من خدمة العملاء.", "دعني أتحقق من ذلك.", "أرى الطلب {order} الآن."},
		toAgent:  []string{"أريد التحدث مع موظف", "نعم صحيح", "كم يستغرق ذلك؟", "دفعت {amount} الأسبوع الماضي"},
		agentEnd: "تم حل المشكلة، شكراً لك.",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"عزيزي {name}، فاتورتك بقيمة {amount} تستحق في {date}.", "مرحباً {name}، قسط {product} بقيمة {amount} متأخر منذ {date}."},
				buttons:  []string{"ادفع الآن", "دفعت بالفعل"},
				talk:     []exchange{{"متى يمكنك دفع {amount}؟", []string{"في {date}", "الأسبوع القادم", "غداً إن شاء الله"}}},
				choices:  []exchange{{"كيف تفضل الدفع؟", []string{"تحويل بنكي", "بطاقة", "نقداً"}}},
			},
			delivery: {
				openings: [2]string{"خبر سار {name}! سيصل طلبك {order} في {date}.", "مرحباً {name}، سنستلم المرتجع {order} من {city} في {date}."},
				buttons:  []string{"سأكون في المنزل", "تغيير التاريخ"},
				talk:     []exchange{{"أين نترك الطرد؟", []string{"عند الجار", "عند الحارس", "اتصل بي أولاً"}}},
				choices:  []exchange{{"هل العنوان في {city} صحيح؟", []string{"نعم", "لا"}}},
			},
			visit: {
				openings: [2]string{"مرحباً {name}، موعدك في {city} بتاريخ {date}. يرجى التأكيد.", "مرحباً {name}، ندعوك إلى حفلنا في {date}!"},
				buttons:  []string{"تأكيد", "يوم آخر"},
				talk:     []exchange{{"هل سيأتي أحد معك؟", []string{"زوجتي", "لا، أنا فقط"}}},
				choices:  []exchange{{"هل نرسل لك تذكيراً؟", []string{"نعم", "لا"}}},
			},
		},
	}
}

func hindi() language {
	return language{
		code: "hi", weight: 4, dial: "+91987", channelID: "971543210087", price: "₹%d",
		names:    []string{"राहुल शर्मा", "प्रिया वर्मा", "अनिल कुमार", "सुनीता देवी"},
		cities:   []city{{"मुंबई", 19.076, 72.8777}, {"दिल्ली", 28.7041, 77.1025}},
		streets:  []string{"एम.जी. रोड 45", "गांधी नगर, गली नं. 3"},
		products: []string{"ऑरोरा फ़ोन 5", "फ़ैमिली डेटा प्लान 60 GB"},

		footer:     "बंद करने के लिए STOP लिखें",
		optOut:     "संदेश बंद करें",
		inbound:    []string{"नमस्ते, कोई है?", "मेरा ऑर्डर {order} कहाँ है?"},
		greetings:  []string{"नमस्ते {name}! मैं आपकी वर्चुअल सहायक हूँ।"},
		reminder:   "नमस्ते {name}, हम आपके जवाब का इंतज़ार कर रहे हैं।",
		acks:       []string{"धन्यवाद, नोट कर लिया।", "ठीक है!", "एक मिनट…"},
		farewells:  []string{"धन्यवाद {name}, आपका दिन शुभ हो!"},
		thanks:     []string{"धन्यवाद", "ठीक है", "🙏"},
		askPhoto:   []string{"कृपया एक फ़ोटो भेजें।"},
		askPlace:   []string{"कृपया अपनी लोकेशन भेजें।"},
		askContact: []string{"हम और किससे संपर्क कर सकते हैं?"},
		handouts:   []string{"यहाँ पूरी जानकारी है:", "{product} की जानकारी संलग्न है।"},
		askTime:    "आपके लिए कौन सा समय ठीक रहेगा?",
		days:       []string{"सोमवार", "मंगलवार", "बुधवार"},
		choose:     "विकल्प देखें",
		askHelp:    "हम आपकी क्या मदद कर सकते हैं?",
		menu: []section{
			{"ऑर्डर", []row{{title: "ऑर्डर ट्रैक करें", description: "{order}"}, {title: "अन्य"}}},
			{"खाता", []row{{title: "मेरा बैलेंस"}, {title: "अन्य"}}},
		},
		handOver: "मैं आपको हमारे सहयोगी से जोड़ रही हूँ।",
		agent:    []string{"नमस्ते {name}, मैं कस्टमर केयर से विकास।", "मैं देखता हूँ।", "ऑर्डर {order} मिल गया है।"},
		toAgent:  []string{"मुझे किसी इंसान से बात करनी है", "हाँ, सही है", "कितना समय लगेगा?", "मैंने {amount} दे दिए थे"},
		agentEnd: "हो गया। धन्यवाद!",

		subjects: map[subject]script{
			money: {
				openings: [2]string{"प्रिय {name}, आपका {amount} का भुगतान {date} को देय है।", "नमस्ते {name}, {product} की {amount} की किस्त {date} से बकाया है।"},
				buttons:  []string{"अभी भुगतान करें", "भुगतान हो चुका"},
				talk:     []exchange{{"आप {amount} कब तक चुका पाएँगे?", []string{"{date} को", "अगले हफ़्ते", "कल"}}},
				choices:  []exchange{{"आप कैसे भुगतान करेंगे?", []string{"UPI", "कार्ड", "नकद"}}},
			},
			sales: {
				openings: [2]string{"{name}, नया {product} आ गया! {amount} से शुरू, केवल {date} तक।", "प्रिय {name}, आपके लिए {amount} तक का लोन स्वीकृत है।"},
				buttons:  []string{"और जानकारी", "रुचि नहीं है"},
				talk:     []exchange{{"आप {product} के बारे में क्या जानना चाहेंगे?", []string{"EMI कितनी होगी?", "वारंटी है?"}}},
				choices:  []exchange{{"आपको कौन सा पसंद है?", []string{"बेसिक", "प्लस", "प्रीमियम"}}},
			},
			identity: {
				openings: [2]string{"प्रिय {name}, कृपया {date} तक अपना KYC पूरा करें।", "नमस्ते {name}, अपना खाता {date} से पहले फिर चालू करें।"},
				buttons:  []string{"KYC करें", "बाद में"},
				talk:     []exchange{{"कृपया अपना पूरा नाम लिखें।", []string{"{name}", "खाते वाला ही है"}}},
				choices:  []exchange{{"आपके पास कौन सा दस्तावेज़ है?", []string{"आधार", "पैन", "पासपोर्ट"}}},
			},
		},
	}
}

func thai() language {
	return language{
		code: "th", weight: 4, dial: "+6681", channelID: "6531290188", price: "฿%d",
		names:    []string{"สมชาย ใจดี", "สุดา วงศ์ไทย", "ณัฐพล ศรีสุข"},
		cities:   []city{{"กรุงเทพฯ", 13.7563, 100.5018}, {"เชียงใหม่", 18.7883, 98.9853}},
		streets:  []string{"99/1 ถนนสุขุมวิท", "ซอยลาดพร้าว 15"},
		products: []string{"โทรศัพท์ออโรร่า 5", "แพ็กเกจครอบครัว 60 GB"},

		footer:     "พิมพ์ STOP เพื่อยกเลิก",
		optOut:     "ยกเลิกรับข่าวสาร",
		inbound:    []string{"สวัสดีค่ะ มีใครอยู่ไหม", "ออเดอร์ {order} ถึงไหนแล้วคะ"},
		greetings:  []string{"สวัสดีค่ะคุณ{name} ดิฉันเป็นผู้ช่วยอัตโนมัติค่ะ"},
		reminder:   "คุณ{name}คะ เรายังรอคำตอบอยู่นะคะ",
		acks:       []string{"รับทราบค่ะ", "เรียบร้อยค่ะ", "รอสักครู่นะคะ…"},
		farewells:  []string{"ขอบคุณค่ะคุณ{name} ขอให้เป็นวันที่ดีนะคะ"},
		thanks:     []string{"ขอบคุณครับ", "โอเคค่ะ", "🙏"},
		askPhoto:   []string{"รบกวนส่งรูปถ่ายด้วยค่ะ"},
		askPlace:   []string{"กรุณาแชร์ตำแหน่งของคุณค่ะ"},
		askContact: []string{"มีผู้ติดต่อท่านอื่นไหมคะ"},
		handouts:   []string{"รายละเอียดตามนี้ค่ะ", "แนบข้อมูล {product} มาให้ค่ะ"},
		askTime:    "สะดวกเวลาไหนคะ",
		days:       []string{"วันจันทร์", "วันอังคาร", "วันพุธ"},
		choose:     "ดูตัวเลือก",
		askHelp:    "มีอะไรให้ช่วยไหมคะ",
		menu: []section{
			{"คำสั่งซื้อ", []row{{title: "ติดตามพัสดุ", description: "{order}"}, {title: "อื่น ๆ"}}},
			{"บัญชี", []row{{title: "ยอดคงเหลือ"}, {title: "อื่น ๆ"}}},
		},
		handOver: "กำลังโอนสายให้เจ้าหน้าที่ค่ะ",
		agent:    []string{"สวัสดีค่ะคุณ{name} แพรจากฝ่ายบริการลูกค้าค่ะ", "ขอตรวจสอบสักครู่นะคะ", "พบออเดอร์ {order} แล้วค่ะ"},
		toAgent:  []string{"ขอคุยกับเจ้าหน้าที่", "ใช่ค่ะ", "ใช้เวลานานไหม", "จ่ายไปแล้ว {amount} ค่ะ"},
		agentEnd: "เรียบร้อยแล้วค่ะ ขอบคุณค่ะ",

		subjects: map[subject]script{
			delivery: {
				openings: [2]string{"ข่าวดีค่ะคุณ{name} ออเดอร์ {order} จะถึงวันที่ {date}", "คุณ{name}คะ เราจะไปรับสินค้าคืน {order} ที่{city} วันที่ {date}"},
				buttons:  []string{"อยู่บ้าน", "เปลี่ยนวัน"},
				talk:     []exchange{{"ฝากพัสดุไว้ที่ไหนดีคะ", []string{"ฝากข้างบ้าน", "ป้อมยาม", "โทรมาก่อน"}}},
				choices:  []exchange{{"ที่อยู่ใน{city}ถูกต้องไหมคะ", []string{"ถูกต้อง", "เปลี่ยนแล้ว"}}},
			},
			opinion: {
				openings: [2]string{"คุณ{name}คะ พอใจกับบริการของเราแค่ไหนคะ", "คุณ{name}คะ จะแนะนำ {product} ให้เพื่อนไหมคะ"},
				buttons:  []string{"เริ่มเลย", "ไว้ก่อน"},
				talk:     []exchange{{"ชอบอะไรมากที่สุดคะ", []string{"พนักงานสุภาพ", "ส่งเร็ว", "เฉย ๆ"}}},
				choices:  []exchange{{"ให้คะแนนเราเท่าไรคะ", []string{"ดีมาก", "พอใช้", "ปรับปรุง"}}},
			},
			sales: {
				openings: [2]string{"คุณ{name} {product} มาแล้ว! เริ่มต้น {amount} ถึง {date} เท่านั้น", "คุณ{name} ได้รับอนุมัติสินเชื่อสูงสุด {amount}"},
				buttons:  []string{"ขอรายละเอียด", "ไม่สนใจ"},
				talk:     []exchange{{"อยากทราบอะไรเกี่ยวกับ {product} คะ", []string{"ผ่อนเดือนละเท่าไร", "มีประกันไหม"}}},
				choices:  []exchange{{"ชอบแบบไหนคะ", []string{"เบสิก", "พลัส", "พรีเมียม"}}},
			},
		},
	}
}
